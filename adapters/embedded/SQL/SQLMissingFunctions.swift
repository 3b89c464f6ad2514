// Functions that PostgreSQL has and this store has not: they are refused by name, and not said to exist nowhere.

/// Names of PostgreSQL's functions (documentation, chapter "Functions and Operators").
enum SQLMissingFunctions {
    static let names: Set<String> = Set(
        """
        age array_cat array_dims array_fill array_lower array_ndims array_position array_positions \
        array_replace array_upper bit_and bit_count bit_length bit_or bit_xor \
        btrim_bytes cbrt convert convert_from convert_to corr cosd covar_pop covar_samp date_add date_bin decode div \
        encode enum_first enum_last enum_range erf factorial gcd gen_random_bytes get_bit get_byte grouping \
        inet_client_addr inet_client_port inet_server_addr inet_server_port isfinite json_agg_strict json_array_elements \
        json_array_elements_text json_each json_each_text json_extract_path json_extract_path_text \
        json_object_keys json_populate_record json_populate_recordset json_strip_nulls json_to_record json_to_recordset \
        jsonb_array_elements jsonb_array_elements_text jsonb_each jsonb_each_text \
        jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_keys \
        jsonb_path_exists jsonb_path_query jsonb_path_query_array jsonb_path_query_first jsonb_populate_record \
        jsonb_populate_recordset jsonb_pretty jsonb_set_lax jsonb_to_record \
        jsonb_to_recordset justify_days justify_hours justify_interval lcm lo_create lo_creat lo_export \
        lo_from_bytea lo_get lo_import lo_open lo_put lo_unlink make_date make_interval make_time make_timestamp \
        make_timestamptz min_scale mode multirange normalize num_nonnulls num_nulls parse_ident percentile_cont \
        percentile_disc pg_blocking_pids pg_client_encoding pg_collation_for pg_column_size pg_conf_load_time \
        pg_create_logical_replication_slot pg_create_physical_replication_slot pg_current_snapshot pg_current_wal_flush_lsn \
        pg_current_wal_insert_lsn pg_current_wal_lsn pg_current_xact_id pg_current_xact_id_if_assigned pg_database_size \
        pg_drop_replication_slot pg_export_snapshot pg_get_functiondef pg_get_keywords \
        pg_get_triggerdef pg_indexes_size pg_jit_available pg_last_wal_receive_lsn pg_last_wal_replay_lsn \
        pg_logical_emit_message pg_my_temp_schema pg_notification_queue_usage pg_postmaster_start_time pg_relation_size \
        pg_reload_conf pg_rotate_logfile pg_safe_snapshot_blocking_pids pg_size_bytes pg_sleep_for \
        pg_sleep_until pg_snapshot_xmax pg_snapshot_xmin pg_stat_file pg_stat_reset pg_switch_wal \
        pg_tablespace_size pg_total_relation_size pg_visible_in_snapshot pg_wal_lsn_diff pg_xact_status query_to_xml \
        quote_nullable random_normal regexp_count regexp_instr regexp_like regexp_match regexp_matches regexp_replace \
        regexp_split_to_array regexp_split_to_table regexp_substr regr_avgx regr_avgy regr_count regr_intercept regr_r2 \
        regr_slope regr_sxx regr_sxy regr_syy row scale session_user set_bit set_byte set_masklen setseed \
        sha224 sha256 sha384 sha512 sind string_to_array string_to_table strip suppress_redundant_updates_trigger \
        table_to_xml tand timeofday to_ascii to_char to_date to_hex_bytes to_number to_timestamp to_tsquery \
        to_tsvector trim_array trim_scale ts_headline ts_rank txid_current txid_current_if_assigned txid_current_snapshot \
        txid_status unistr unnest upper_inc websearch_to_tsquery width_bucket xmlagg xmlelement \
        xmlforest xmlparse xpath
        """.split { $0 == " " || $0 == "\n" }.map(String.init))
}
