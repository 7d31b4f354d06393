// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace eventops::test {

struct SyntheticOptions {
    std::uint64_t events = 0;
    std::int64_t startNs = 1'761'040'800'000'000'000; ///< 2025-10-21T10:00:00Z
    std::int64_t stepNs = 1'000'000;   ///< Between events, on average; times come up to 50 steps late.
    unsigned lanes = 24;               ///< Entity types; the first are the busiest.
    bool hostile = false;              ///< Every 16th text holds markup, bidi, controls, bad bytes; one in 256 is 1 MB.
};

/// Events made up from their place alone, so that ten million cost no memory. Answers on its own thread, as a back end
/// does. Filters work, by looking at every event. Thread: any.
class SyntheticBackend final : public Backend
{
public:
    explicit SyntheticBackend(SyntheticOptions options);
    ~SyntheticBackend() override;

    void setEvents(std::uint64_t events); ///< Tells subscribers.
    void addFinding(Finding finding);
    void addAction(Action action);
    void failWith(std::optional<Error> error); ///< What every call from now on ends with.
    void hold(bool held);                 ///< Held: calls wait.
    std::uint64_t calls() const;          ///< Of events, eventRange and eventColumns that were answered.

    static std::string eventId(std::uint64_t place);

    Ticket events(const Caller &caller, const Query &query, std::function<void(EventPage)> page,
                  Done<Ok> done) override;
    Ticket findings(const Caller &caller, const Query &query, OnPage<Finding> page, Done<Ok> done) override;
    Ticket entities(const Caller &caller, const Query &query, OnPage<Entity> page, Done<Ok> done) override;
    Ticket links(const Caller &caller, const Query &query, OnPage<Link> page, Done<Ok> done) override;
    Ticket actions(const Caller &caller, const Query &query, OnPage<Action> page, Done<Ok> done) override;
    Ticket deadLetters(const Caller &caller, std::uint64_t rowsMax, OnPage<DeadLetterRow> page, Done<Ok> done) override;
    Ticket audit(const Caller &caller, std::uint64_t rowsMax, OnPage<AuditRow> page, Done<Ok> done) override;
    Ticket eventRange(const Caller &caller, const EventRange &range, Done<EventPage> done) override;
    Ticket eventColumns(const Caller &caller, const EventColumnsRequest &request,
                        std::function<void(EventColumns)> page, Done<Ok> done) override;
    Ticket story(const Caller &caller, const std::string &eventId, Done<EventStory> done) override;
    Ticket health(const Caller &caller, Done<Health> done) override;
    Ticket subscribe(const Caller &caller, std::function<void(Change)> changed) override;
    Ticket summary(const Caller &caller, bool withDigest, Done<WorkspaceSummary> done) override;
    Ticket verifyAudit(const Caller &caller, Done<std::uint64_t> done) override;
    Ticket replay(const Caller &caller, const ReplayRequest &request, std::function<void(RunProgress)> progress,
                  Done<WorkspaceSummary> done) override;
    Ticket decide(const Caller &caller, const Decision &decision, bool wait, Done<DecisionOutcome> done) override;
    Ticket redrive(const Caller &caller, std::int64_t deadLetter, const std::string &format, Done<Ok> done) override;

private:
    struct Subscriber {
        Ticket ticket;
        std::function<void(Change)> changed;
    };
    template <typename T>
    Ticket post(Done<T> done, std::function<Result<T>(const Ticket &)> work);
    template <typename T>
    Ticket nothing(Done<T> done);
    void enqueue(std::function<void()> job);
    void tell();
    void appendTo(EventPage &page, std::uint64_t place) const;
    std::uint64_t count() const;

    const SyntheticOptions m_options;
    mutable std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<std::function<void()>> m_jobs;
    std::vector<Subscriber> m_subscribers;
    std::vector<Finding> m_findings;
    std::vector<Action> m_actions;
    std::optional<Error> m_error;
    std::uint64_t m_events = 0, m_revision = 0, m_calls = 0;
    bool m_held = false, m_stop = false;
    std::thread m_thread;
};

} // namespace eventops::test
