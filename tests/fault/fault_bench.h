// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/local_backend.h"
#include "tests/support/wait_for.h"

#include <QtCore/QTemporaryDir>

#include <functional>
#include <memory>
#include <random>
#include <span>
#include <string>

namespace eventops::test {

/// How much is tried: 1 in every run, 50 in the long one (EVENTOPS_FAULT_ROUNDS). Counts of the suite grow with it.
int faultRounds();
constexpr int LongRounds = 50;

/// A folder in memory where there is one: thousands of syncs are not what is tested.
std::string fastFolder();

/// Reads of a workspace that must hold after any fault; empty: they do. Opened anew, past every shim's faults.
std::string soundness(const std::string &workspace);
/// Digest and counters as one text; "!" and the error when they cannot be read.
std::string contentOf(const std::string &workspace);

/// A workspace, and the back end that works on it until `restart`.
class FaultBench
{
public:
    FaultBench();
    std::string folder() const { return m_directory.path().toStdString(); }
    std::string workspace() const { return folder() + "/workspace"; }
    Backend &backend();
    /// A ledger that stays open until `restart`.
    Result<Ledger *> ledger(LedgerMode mode);
    void restart();
    void keepAside();    ///< The workspace as it is now …
    void bringBack();    ///< … comes back. Restarts.

    Status replay(const std::string &file, const std::string &format = {});
    std::function<void(const std::string &)> onTrouble; ///< Called when a run has to wait, and with nothing afterwards.
    Status decide(DecisionKind kind);
    Result<std::string> waitingAction();

private:
    QTemporaryDir m_directory;
    std::unique_ptr<Backend> m_backend;
    std::unique_ptr<Ledger> m_ledger;
};

/// What a person or program does with a workspace, to be done under every fault. Adding one is adding a row.
struct UseCase {
    const char *name;
    std::function<Status(FaultBench &)> prepare; ///< Undisturbed.
    std::function<Status(FaultBench &)> act;     ///< Disturbed; then once more, undisturbed.
    /// What goes on with something that was half done: a decision is refused the second time.
    std::function<Status(FaultBench &)> goOn;
    bool sameContent = true; ///< After the second time the workspace is as if nothing had been.
};
std::span<const UseCase> useCases();

} // namespace eventops::test
