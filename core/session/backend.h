// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/model/action.h"
#include "core/model/batch.h"
#include "core/model/entity.h"
#include "core/model/finding.h"
#include "core/pipeline/runner.h"
#include "core/store/ledger.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace eventops {

enum class Role : std::uint8_t { Viewer, Operator, Approver, Admin };

/// On whose behalf a call is made. Enforced by the back end, not by the caller's good will.
struct Caller {
    std::string user;
    Role role = Role::Viewer;
    std::vector<std::string> tenants; ///< Empty: all.
    bool maySee(std::string_view tenant) const;
};

/// A call under way. Copies refer to the same call. Destroying it does not cancel.
class Ticket
{
public:
    Ticket() : m_cancelled(std::make_shared<std::atomic<bool>>(false)) {}
    void cancel() { m_cancelled->store(true); }
    bool cancelled() const { return m_cancelled->load(); }
    const std::atomic<bool> *flag() const { return m_cancelled.get(); }

private:
    std::shared_ptr<std::atomic<bool>> m_cancelled;
};

template <typename T>
using Done = std::function<void(Result<T>)>;

/// What is asked of a table. @p filter: see core/filter.
struct Query {
    std::string filter;
    std::uint64_t rowsMax = 10'000;
    bool oldestFirst = true;
};

/// Events of one page: a batch and the rows in it that matched.
struct EventPage {
    Batch batch;
    std::vector<std::uint32_t> rows;
};

/// Rows arrive in pages of at most this many; a page is the consumer's to keep.
constexpr std::size_t PageRowsMax = 4'096;
template <typename T>
using OnPage = std::function<void(std::vector<T>)>;

struct ReplayRequest {
    std::vector<std::string> files;   ///< Empty: the pipeline's own sources.
    std::string pipelineText;         ///< Canonical JSON or YAML; see config.
    std::string pipelineName;         ///< For errors: the file it came from.
    std::string format;               ///< "auto" or a format name; empty: as the pipeline says.
    unsigned workers = 0;             ///< 0: cores − 1, at least 1.
};

/// State of the whole workspace.
struct WorkspaceSummary {
    Counters counters;                ///< Since the workspace exists.
    std::uint64_t findings = 0;
    std::uint64_t suggestions = 0;
    WallNs clock = NoTime;            ///< Workspace clock.
    std::vector<SourceRow> sources;
    std::string digest;               ///< Only when asked for.
};

/// What an action went through while one waited for it.
struct DecisionOutcome {
    Action action;
    std::string note;                 ///< Empty, or why nothing more is to be expected: "no executor is attached".
};

/// What the console and the command line look at: a local engine, a remote one, Kafka, a capture. A view cannot tell
/// which.
///
/// Every call is asynchronous, cancellable (the Ticket; ends with Error::Cancelled) and bounded. Callbacks run on the
/// back end's thread, never on the caller's, in order, `done` exactly once and last. Thread: any may call.
class Backend
{
public:
    virtual ~Backend();

    virtual Ticket events(const Caller &caller, const Query &query, std::function<void(EventPage)> page,
                          Done<Ok> done) = 0;
    virtual Ticket findings(const Caller &caller, const Query &query, OnPage<Finding> page, Done<Ok> done) = 0;
    virtual Ticket entities(const Caller &caller, const Query &query, OnPage<Entity> page, Done<Ok> done) = 0;
    virtual Ticket links(const Caller &caller, const Query &query, OnPage<Link> page, Done<Ok> done) = 0;
    virtual Ticket actions(const Caller &caller, const Query &query, OnPage<Action> page, Done<Ok> done) = 0;
    virtual Ticket deadLetters(const Caller &caller, std::uint64_t rowsMax, OnPage<DeadLetterRow> page,
                               Done<Ok> done) = 0;
    virtual Ticket audit(const Caller &caller, std::uint64_t rowsMax, OnPage<AuditRow> page, Done<Ok> done) = 0;

    virtual Ticket summary(const Caller &caller, bool withDigest, Done<WorkspaceSummary> done) = 0;
    virtual Ticket verifyAudit(const Caller &caller, Done<std::uint64_t> done) = 0; ///< Rows verified.

    /// Reads captures (or runs the pipeline's sources) into the workspace. One at a time: Busy.
    virtual Ticket replay(const Caller &caller, const ReplayRequest &request, std::function<void(RunProgress)> progress,
                          Done<WorkspaceSummary> done) = 0;
    /// Approves or rejects exactly the version that was shown. Refused: stale, expired, decided, own proposal.
    /// @p wait: an approval ends with the executor's result instead of the publication.
    virtual Ticket decide(const Caller &caller, const Decision &decision, bool wait, Done<DecisionOutcome> done) = 0;
    /// Reads a dead letter again with @p format; it must decode now, or it stays as it was.
    virtual Ticket redrive(const Caller &caller, std::int64_t deadLetter, const std::string &format, Done<Ok> done) = 0;
};

} // namespace eventops
