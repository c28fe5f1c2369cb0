retry_ms := m;
