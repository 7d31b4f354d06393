// SPDX-License-Identifier: MIT
#pragma once

#include "core/filter/rows.h"
#include "core/session/backend.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

namespace eventops::test {

/// A back end whose answers a test writes down. Callbacks run on a thread of its own, as with the real ones; `with`
/// reaches the answers safely from the test's thread.
class FakeBackend : public Backend
{
public:
    struct Answers {
        std::vector<Finding> findings;   ///< Oldest first.
        std::vector<Action> actions;     ///< Oldest first.
        std::vector<DeadLetterRow> letters;
        std::vector<CaseExpectation> expectations;
        std::vector<StepMachine> machines;
        JudgementView judgement;
        std::vector<FeedbackRequest> feedback; ///< As it came.
        Health health;
        std::optional<Error> failure;    ///< Of every question.
        std::optional<Error> refusal;    ///< Of every command.
        std::vector<Decision> decisions; ///< As they came.
        std::vector<std::int64_t> redriven;
        std::vector<std::string> redriveFormats; ///< Of those.
        std::uint64_t findingRowsGiven = 0;
        bool answersDecisions = true;    ///< False: a decision stays under way.
    };

    FakeBackend()
        : m_thread([this] {
              for (;;) {
                  std::function<void()> job;
                  {
                      std::unique_lock lock(m_mutex);
                      m_wake.wait(lock, [&] { return m_stop || !m_jobs.empty(); });
                      if (m_stop)
                          return;
                      job = std::move(m_jobs.front());
                      m_jobs.pop_front();
                  }
                  job();
              }
          })
    {
    }
    ~FakeBackend() override
    {
        {
            const std::lock_guard lock(m_mutex);
            m_stop = true;
        }
        m_wake.notify_all();
        m_thread.join();
    }

    template <typename Use>
    auto with(Use use)
    {
        const std::lock_guard lock(m_answersMutex);
        return use(m_answers);
    }
    /// Tells the subscribers.
    void change(const Change &change)
    {
        post([this, change] {
            for (const auto &[ticket, call] : m_subscribers) {
                if (!ticket.cancelled())
                    call(change);
            }
        });
    }

    Ticket findings(const Caller &caller, const Query &query, OnPage<Finding> page, Done<Ok> done) override
    {
        return rows<Finding, FindingRow>(caller, query, page, done, [this](Answers &answers) -> auto & {
            return answers.findings;
        });
    }
    Ticket actions(const Caller &caller, const Query &query, OnPage<Action> page, Done<Ok> done) override
    {
        return rows<Action, ActionRow>(caller, query, page, done, [](Answers &answers) -> auto & {
            return answers.actions;
        });
    }
    Ticket deadLetters(const Caller &, std::uint64_t, OnPage<DeadLetterRow> page, Done<Ok> done) override
    {
        return answer<Ok>(done, [page](Answers &answers) -> Status {
            page(answers.letters);
            return Ok{};
        });
    }
    Ticket expectations(const Caller &, Done<std::vector<CaseExpectation>> done) override
    {
        using Rows = std::vector<CaseExpectation>;
        return answer<Rows>(done, [](Answers &answers) -> Result<Rows> { return answers.expectations; });
    }
    Ticket stepMachines(const Caller &, Done<std::vector<StepMachine>> done) override
    {
        using Rows = std::vector<StepMachine>;
        return answer<Rows>(done, [](Answers &answers) -> Result<Rows> { return answers.machines; });
    }
    Ticket judgement(const Caller &, Done<JudgementView> done) override
    {
        return answer<JudgementView>(done, [](Answers &answers) -> Result<JudgementView> { return answers.judgement; });
    }
    Ticket giveFeedback(const Caller &, const FeedbackRequest &request, Done<Ok> done) override
    {
        return answer<Ok>(done, [request](Answers &answers) -> Status {
            answers.feedback.push_back(request);
            if (answers.refusal)
                return *answers.refusal;
            if (request.kind == FeedbackKind::Budget)
                answers.judgement.falsePerDay = request.falsePerDay;
            return Ok{};
        });
    }
    Ticket health(const Caller &, Done<Health> done) override
    {
        return answer<Health>(done, [](Answers &answers) -> Result<Health> { return answers.health; });
    }
    Ticket subscribe(const Caller &, std::function<void(Change)> changed) override
    {
        Ticket ticket;
        post([this, ticket, changed] { m_subscribers.emplace_back(ticket, changed); });
        return ticket;
    }
    Ticket decide(const Caller &, const Decision &decision, bool, Done<DecisionOutcome> done) override
    {
        post([this, decision, done] {
            const std::lock_guard lock(m_answersMutex);
            m_answers.decisions.push_back(decision);
            if (m_answers.refusal)
                return done(*m_answers.refusal);
            for (Action &action : m_answers.actions) {
                if (action.displayId() != decision.actionId || !m_answers.answersDecisions)
                    continue;
                const bool approve = decision.kind == DecisionKind::Approve;
                action.state = approve ? ActionState::Published : ActionState::Rejected;
                action.approver = decision.user;
                action.decisionReason = decision.reason;
                done(DecisionOutcome{action, {}});
            }
        });
        return {};
    }
    Ticket redrive(const Caller &, std::int64_t letter, const std::string &format, Done<Ok> done) override
    {
        post([this, letter, format, done] {
            const std::lock_guard lock(m_answersMutex);
            m_answers.redriven.push_back(letter);
            m_answers.redriveFormats.push_back(format);
            if (m_answers.refusal)
                return done(*m_answers.refusal);
            for (DeadLetterRow &row : m_answers.letters)
                row.state = row.id == letter ? "redriven" : row.state;
            done(Ok{});
        });
        return {};
    }

    Ticket events(const Caller &, const Query &, std::function<void(EventPage)>, Done<Ok> done) override
    {
        return answer<Ok>(done, [](Answers &) -> Status { return Ok{}; });
    }
    Ticket entities(const Caller &, const Query &, OnPage<Entity>, Done<Ok> done) override
    {
        return answer<Ok>(done, [](Answers &) -> Status { return Ok{}; });
    }
    Ticket links(const Caller &, const Query &, OnPage<Link>, Done<Ok> done) override
    {
        return answer<Ok>(done, [](Answers &) -> Status { return Ok{}; });
    }
    Ticket audit(const Caller &, std::uint64_t, OnPage<AuditRow>, Done<Ok> done) override
    {
        return answer<Ok>(done, [](Answers &) -> Status { return Ok{}; });
    }
    Ticket eventRange(const Caller &, const EventRange &, Done<EventPage> done) override
    {
        return answer<EventPage>(done, [](Answers &) -> Result<EventPage> { return EventPage{}; });
    }
    Ticket eventColumns(const Caller &, const EventColumnsRequest &, std::function<void(EventColumns)>,
                        Done<Ok> done) override
    {
        return answer<Ok>(done, [](Answers &) -> Status { return Ok{}; });
    }
    Ticket story(const Caller &, const std::string &, Done<EventStory> done) override
    {
        return answer<EventStory>(done, [](Answers &) -> Result<EventStory> { return EventStory{}; });
    }
    Ticket summary(const Caller &, bool, Done<WorkspaceSummary> done) override
    {
        return answer<WorkspaceSummary>(
            done, [](Answers &answers) -> Result<WorkspaceSummary> { return answers.health.summary; });
    }
    Ticket verifyAudit(const Caller &, Done<std::uint64_t> done) override
    {
        return answer<std::uint64_t>(done, [](Answers &) -> Result<std::uint64_t> { return std::uint64_t{0}; });
    }
    Ticket replay(const Caller &, const ReplayRequest &, std::function<void(RunProgress)>,
                  Done<WorkspaceSummary> done) override
    {
        return summary({}, false, done);
    }

private:
    void post(std::function<void()> job)
    {
        {
            const std::lock_guard lock(m_mutex);
            m_jobs.push_back(std::move(job));
        }
        m_wake.notify_one();
    }

    template <typename T, typename Work>
    Ticket answer(Done<T> done, Work work)
    {
        Ticket ticket;
        post([this, ticket, done, work] {
            const std::lock_guard lock(m_answersMutex);
            if (ticket.cancelled())
                return done(Error{Error::Code::Cancelled, "the call was cancelled"});
            if (m_answers.failure)
                return done(*m_answers.failure);
            done(work(m_answers));
        });
        return ticket;
    }

    template <typename Row, typename Filtered, typename Pick>
    Ticket rows(const Caller &caller, const Query &query, OnPage<Row> page, Done<Ok> done, Pick pick)
    {
        return answer<Ok>(done, [this, caller, query, page, pick](Answers &answers) -> Status {
            const Filter filter = EVENTOPS_TRY(Filter::parse(query.filter));
            std::vector<Row> all = pick(answers), found;
            if (!query.oldestFirst)
                std::reverse(all.begin(), all.end());
            for (Row &row : all) {
                if (found.size() < query.rowsMax && filter.matches(Filtered(row)))
                    found.push_back(std::move(row));
            }
            if constexpr (std::is_same_v<Row, Finding>)
                answers.findingRowsGiven += found.size();
            page(std::move(found));
            return Ok{};
        });
    }

    std::mutex m_answersMutex;
    Answers m_answers;
    std::vector<std::pair<Ticket, std::function<void(Change)>>> m_subscribers; ///< The thread's.
    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<std::function<void()>> m_jobs;
    bool m_stop = false;
    std::thread m_thread;
};

/// A finding and an action to start from.
inline Finding someFinding(const std::string &id, Severity severity = Severity::Critical)
{
    Finding finding;
    finding.id = id;
    finding.severity = severity;
    finding.ts = WallNs{1'761'040'800 * NsPerSecond};
    finding.tenant = "acme";
    finding.entityType = "Host";
    finding.entityId = "host-a";
    finding.name = "cpu_load_threshold";
    finding.metric = "cpu_load";
    finding.message = "cpu_load=97 exceeds the critical threshold of 90";
    finding.evidence = "[\"event-1\",\"event-2\"]";
    return finding;
}

inline Action someAction(const std::string &id, const std::string &findingId)
{
    Action action;
    Suggestion &suggestion = action.suggestion;
    suggestion.id = id;
    suggestion.findingId = findingId;
    suggestion.policy = "restart_hot_host";
    suggestion.tenant = "acme";
    suggestion.entityType = "Host";
    suggestion.entityId = "host-a";
    suggestion.command = "restart_service";
    suggestion.args = "{\"host\":\"host-a\",\"value\":9007199254740993}";
    suggestion.reason = "cpu_load of host-a is 97";
    suggestion.proposedAt = WallNs{1'761'040'800 * NsPerSecond};
    suggestion.expiresAt = suggestion.proposedAt + 3'600 * NsPerSecond;
    suggestion.ttlSeconds = 600;
    action.digest = "d1";
    action.idempotencyKey = "key-" + id;
    return action;
}

} // namespace eventops::test
