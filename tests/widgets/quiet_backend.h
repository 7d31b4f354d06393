// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"

#include <map>
#include <mutex>

namespace eventops::test {

/// A back end with nothing in it that answers at once, but for what a test puts in. Calls back on the caller's thread,
/// which UiBridge must not mind. Thread: the test's.
class QuietBackend final : public Backend
{
public:
    std::map<std::string, std::function<EventStory()>> stories;
    std::function<void(Change)> changed; ///< Of the last subscriber.
    ReplayRequest replayRequest;         ///< The last one.
    std::function<void(RunProgress)> replayProgress;
    Done<WorkspaceSummary> replayDone; ///< Set while one is under way.
    Ticket replayTicket, storyTicket;
    ExportRequest exportRequest;         ///< The last one.
    std::function<void(ExportProgress)> exportProgress;
    Done<ExportProgress> exportDone; ///< Set while one is under way.
    Ticket exportTicket;
    bool holdStories = false; ///< Answers are kept back in heldStory.
    std::function<void()> heldStory;

    Ticket events(const Caller &, const Query &, std::function<void(EventPage)>, Done<Ok> done) override
    {
        return answer(done);
    }
    Ticket findings(const Caller &, const Query &, OnPage<Finding>, Done<Ok> done) override { return answer(done); }
    Ticket entities(const Caller &, const Query &, OnPage<Entity>, Done<Ok> done) override { return answer(done); }
    Ticket links(const Caller &, const Query &, OnPage<Link>, Done<Ok> done) override { return answer(done); }
    Ticket actions(const Caller &, const Query &, OnPage<Action>, Done<Ok> done) override { return answer(done); }
    Ticket deadLetters(const Caller &, std::uint64_t, OnPage<DeadLetterRow>, Done<Ok> done) override
    {
        return answer(done);
    }
    Ticket audit(const Caller &, std::uint64_t, OnPage<AuditRow>, Done<Ok> done) override { return answer(done); }
    Ticket eventRange(const Caller &, const EventRange &, Done<EventPage> done) override
    {
        done(EventPage{});
        return {};
    }
    Ticket eventColumns(const Caller &, const EventColumnsRequest &, std::function<void(EventColumns)>,
                        Done<Ok> done) override
    {
        return answer(done);
    }
    Ticket story(const Caller &, const std::string &eventId, Done<EventStory> done) override
    {
        const auto found = stories.find(eventId);
        const auto make = found == stories.end() ? std::function<EventStory()>() : found->second;
        heldStory = [done, make, eventId] {
            if (make == nullptr)
                done(Error{Error::Code::NotFound, "there is no event " + eventId});
            else
                done(make());
        };
        if (!holdStories)
            heldStory();
        return storyTicket = Ticket();
    }
    Ticket health(const Caller &, Done<Health> done) override
    {
        done(Health{});
        return {};
    }
    Ticket subscribe(const Caller &, std::function<void(Change)> call) override
    {
        changed = std::move(call);
        return {};
    }
    Ticket summary(const Caller &, bool, Done<WorkspaceSummary> done) override
    {
        done(WorkspaceSummary{});
        return {};
    }
    Ticket verifyAudit(const Caller &, Done<std::uint64_t> done) override
    {
        done(std::uint64_t{0});
        return {};
    }
    Ticket replay(const Caller &, const ReplayRequest &request, std::function<void(RunProgress)> progress,
                  Done<WorkspaceSummary> done) override
    {
        replayRequest = request;
        replayProgress = std::move(progress);
        replayDone = std::move(done);
        return replayTicket = Ticket();
    }
    Ticket decide(const Caller &, const Decision &, bool, Done<DecisionOutcome> done) override
    {
        done(Error{Error::Code::NotFound, "there is no action"});
        return {};
    }
    Ticket redrive(const Caller &, std::int64_t, const std::string &, Done<Ok> done) override { return answer(done); }
    Ticket exportCapture(const Caller &, const ExportRequest &request, std::function<void(ExportProgress)> progress,
                         Done<ExportProgress> done) override
    {
        exportRequest = request;
        exportProgress = std::move(progress);
        exportDone = std::move(done);
        return exportTicket = Ticket();
    }

private:
    static Ticket answer(const Done<Ok> &done)
    {
        done(Ok{});
        return {};
    }
};

} // namespace eventops::test
