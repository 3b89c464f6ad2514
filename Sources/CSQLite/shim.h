// SQLite as Swift sees it: the header, and functions for what it gives only as casts and variable arguments.
#ifndef FAIRLEAD_CSQLITE_H
#define FAIRLEAD_CSQLITE_H

#include <sqlite3.h>

// Result codes that the header composes.
static const int fl_sqlite_busy_snapshot = SQLITE_BUSY_SNAPSHOT;
static const int fl_sqlite_check = SQLITE_CONSTRAINT_CHECK;
static const int fl_sqlite_foreign_key = SQLITE_CONSTRAINT_FOREIGNKEY;
static const int fl_sqlite_not_null = SQLITE_CONSTRAINT_NOTNULL;
static const int fl_sqlite_primary_key = SQLITE_CONSTRAINT_PRIMARYKEY;
static const int fl_sqlite_row_id = SQLITE_CONSTRAINT_ROWID;
static const int fl_sqlite_unique = SQLITE_CONSTRAINT_UNIQUE;

// SQLITE_TRANSIENT is a cast that Swift cannot import.
static inline int fl_sqlite_bind_text(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_text64(statement, index, bytes, count, SQLITE_TRANSIENT, SQLITE_UTF8);
}
static inline int fl_sqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_blob64(statement, index, bytes, count, SQLITE_TRANSIENT);
}
static inline void fl_sqlite_result_text(sqlite3_context *context, const void *bytes, sqlite3_uint64 count) {
    sqlite3_result_text64(context, bytes, count, SQLITE_TRANSIENT, SQLITE_UTF8);
}
static inline void fl_sqlite_result_blob(sqlite3_context *context, const void *bytes, sqlite3_uint64 count) {
    sqlite3_result_blob64(context, bytes, count, SQLITE_TRANSIENT);
}
// Double-quoted text is a name and nothing else, as in PostgreSQL; file names in SQL reach no other database.
static inline void fl_sqlite_strict(sqlite3 *database) {
    sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)0);
    sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DML, 0, (int *)0);
    sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_FKEY, 1, (int *)0);
    sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
    sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1, (int *)0);
}

#endif
