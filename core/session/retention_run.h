// SPDX-License-Identifier: MIT
#pragma once

#include "core/pipeline/spec.h"
#include "core/store/ledger.h"

#include <atomic>
#include <string>

namespace eventops {

/// What the ledger drops by under @p spec; @p actor is who the audit names.
RetentionRules retentionRules(const PipelineSpec &spec, std::string actor);

/// Drops all that is due, in small transactions, so that an engine beside it goes on. Thread: the ledger's.
/// Errors: the ledger's; Cancelled. What was dropped before stays so.
Result<RetentionDone> runRetention(Ledger &ledger, const RetentionRules &rules, const std::atomic<bool> &stop);

/// One sentence about events that retention dropped before @p who, which stands at record @p mark, had taken them in;
/// empty: there are none.
Result<std::string> missedByRetention(Ledger &ledger, Seq mark, const std::string &who);

/// An error that says from where on history is there. @p withRaw: also its raw bytes must be.
Status requireHistory(Ledger &ledger, bool withRaw);

} // namespace eventops
