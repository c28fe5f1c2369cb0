-- Whether a charge fits, and when, as the functions for libraries tell it in `told`: -1 it does, -2 it never will.
allowed := told[@at@] = -1;
retry_after_ms := case told[@at@] when -1 then null when -2 then -1 else told[@at@] end;
