// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/action.h"
#include "core/model/entity.h"
#include "core/model/finding.h"
#include "core/store/sqlite.h"

#include <string>
#include <string_view>

namespace eventops {

// Rows of the ledger as values. Thread: any; each reader has its own statement.

extern const char *const FindingColumns; ///< In the order that readFinding expects.
extern const char *const EntityColumns;
extern const char *const LinkColumns;
extern const char *const ActionColumns;
Finding readFinding(const sqlite::Statement &row);
Entity readEntity(const sqlite::Statement &row);
Link readLink(const sqlite::Statement &row);
Action readAction(const sqlite::Statement &row);

/// What a person approves: SHA-256 over command, arguments, target, evidence and expiry.
std::string actionDigest(const Suggestion &suggestion);

} // namespace eventops
