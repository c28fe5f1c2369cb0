//! Wrong quotas.
