// SPDX-License-Identifier: MIT
#pragma once

#include "core/store/sqlite.h"

namespace eventops {

constexpr int SchemaVersion = 7;          ///< PRAGMA user_version of a ledger that this program writes.
constexpr int ApplicationId = 0x45564f50; ///< "EVOP"

/// Brings a ledger to SchemaVersion, in one transaction; an empty file becomes a ledger.
/// Refused: the file was written by a newer program, or is no ledger.
Status migrate(sqlite::Database &database);
/// The same checks without changing anything. NotFound: the file is empty.
Status checkSchema(sqlite::Database &database);

/// The tables of the systems that people come from, as views over ours; one SQL text of many statements.
extern const char *const SeedViewsSql;
/// Views that came with version 2.
extern const char *const Version2ViewsSql;
/// Features of windows: a table, and the view over it in place of the empty one.
extern const char *const Version3Sql;
/// What the stages expect, as documents by name: see StageView.
extern const char *const Version5Sql;
/// Transformers, their sources, and what they made: see TransformStore.
extern const char *const Version6Sql;
/// What was announced to a queue outside of the ledger, how far a queue's logs were read, and the order in which raw
/// events go: see TransformStore.
extern const char *const Version7Sql;

} // namespace eventops
