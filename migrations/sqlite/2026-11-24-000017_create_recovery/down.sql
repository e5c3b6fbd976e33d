DROP TABLE one_time_passes;

DROP TABLE recovery_codes;
