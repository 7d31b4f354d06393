// SPDX-License-Identifier: MIT
#pragma once

#include "core/actions/executor.h"
#include "core/store/ledger.h"

#include <memory>
#include <vector>

namespace eventops {

/// Approves or rejects the version that was shown, with its audit row, its outbox row and its input-log row in one
/// transaction. Refused: no reason given, stale, expired by the workspace clock, already decided, own proposal.
/// @p via: by what way it came, for the audit; empty: from here.
Status applyDecision(Ledger &ledger, const Action &shown, const Decision &decision, std::string_view via = {});

/// Publishes what waits in the outbox. Safe to repeat after a crash at any point: a request goes out again with the
/// same idempotency key, its action becomes published once. Returns how many went out.
Result<unsigned> publishApproved(Ledger &ledger);

/// The executor role (K119): takes published requests, has an executor do them, reports progress and result as events.
/// Thread: one; one request at a time. At least once: a request that was taken when the role died is done again with
/// its idempotency key.
class ExecutorRole
{
public:
    /// @p clock: what back-offs are measured by; null: the system's. Must outlive the role.
    ExecutorRole(Ledger &ledger, std::vector<std::unique_ptr<Executor>> executors, const Clock *clock = nullptr);
    ExecutorRole(const ExecutorRole &) = delete;

    /// Does what is due now. Returns how many attempts were made.
    Result<unsigned> runDue();
    /// True when a request waits, now or for its back-off.
    Result<bool> pending();

private:
    Status attempt(OutboxRow row);
    Status finish(const OutboxRow &row, const Action &action, const ActionOutcome &outcome);
    Executor *executorFor(std::string_view command) const;

    Ledger &m_ledger;
    std::vector<std::unique_ptr<Executor>> m_executors;
    SystemClock m_systemClock;
    const Clock &m_clock;
};

} // namespace eventops
