// SPDX-License-Identifier: MIT
#include "core/session/sink_feed.h"

#include <filesystem>
#include <future>
#include <optional>

namespace eventops {
namespace {

constexpr std::chrono::seconds AwayTime{5};  ///< After what is no matter of the peer.
constexpr std::chrono::seconds WatchTime{1}; ///< Between two looks for another pipeline.

/// When the workspace's pipeline was written last; empty: there is none.
std::string stampOf(const Workspace &workspace)
{
    std::error_code failed;
    const auto time = std::filesystem::last_write_time(workspace.pipelineFile(), failed);
    return failed ? std::string() : std::to_string(time.time_since_epoch().count());
}

std::string shapeOf(const std::vector<Configured<SinkSpec>> &sinks)
{
    std::string out;
    for (const Configured<SinkSpec> &sink : sinks) {
        out += std::string(sink.spec->name) + ' ';
        sink.settings.appendJson(out);
    }
    return out;
}

} // namespace

/// What a follower does at each look.
class SinkProjector::Steps final : public Projection
{
public:
    Steps(const Workspace &workspace, const Configured<SinkSpec> &sink, const LedgerFollower &follower,
          const std::function<void(const std::string &)> &told)
        : m_workspace(workspace), m_sink(sink), m_follower(follower), m_told(told)
    {
    }

    Status step() override
    {
        if (std::chrono::steady_clock::now() < m_nextTry)
            return Ok{};
        const Status done = tryStep(false);
        if (done) {
            m_away.reset();
            return done;
        }
        std::chrono::milliseconds wait = AwayTime;
        switch (done.error().code) {
        case Error::Code::Unavailable:
            wait = m_feed != nullptr ? m_feed->wait() : wait;
            m_away = done.error();
            break;
        case Error::Code::Busy: wait = std::chrono::seconds(1); break; // another process delivers
        case Error::Code::Cancelled: return Ok{};
        case Error::Code::NotFound: m_feed.reset(); break; // no ledger yet, or it was moved away
        default: tell(done.error());
        }
        m_nextTry = std::chrono::steady_clock::now() + wait;
        m_changes.reset();
        return Ok{};
    }
    Status finish() override
    {
        if (m_away && std::chrono::steady_clock::now() < m_nextTry)
            return *m_away; // it was away a moment ago: nobody waits for it
        m_changes.reset();
        const Status done = tryStep(true);
        const bool others = !done && done.error().code == Error::Code::Busy;
        return others ? Status(Ok{}) : done;
    }

private:
    void tell(const Error &error)
    {
        if (m_told && m_trouble != error.text())
            m_told("sink " + sinkName(m_sink) + ": " + error.text());
        m_trouble = error.text();
        m_feed.reset();
    }

    Status tryStep(bool last)
    {
        if (m_feed == nullptr)
            m_feed = EVENTOPS_TRY(
                SinkFeed::open(m_workspace, m_sink, [follower = &m_follower] { return follower->mustStop(); }));
        const std::uint64_t counter = EVENTOPS_TRY(m_feed->changeCounter());
        if (m_changes == counter)
            return Ok{};
        EVENTOPS_TRY(m_feed->catchUp(last));
        m_changes = counter;
        return Ok{};
    }

    const Workspace &m_workspace;
    const Configured<SinkSpec> &m_sink;
    const LedgerFollower &m_follower;
    const std::function<void(const std::string &)> &m_told;
    std::string m_trouble; ///< What was told last.
    std::optional<Error> m_away;
    std::unique_ptr<SinkFeed> m_feed;
    std::optional<std::uint64_t> m_changes; ///< Counter at the last time that all was there.
    std::chrono::steady_clock::time_point m_nextTry;
};

struct SinkProjector::Followed {
    Followed(const Workspace &workspace, Configured<SinkSpec> given, const std::atomic<bool> *stop,
             const std::function<void(const std::string &)> &told)
        : sink(std::move(given)),
          follower(
              [this, &workspace, &told](const LedgerFollower &self) -> Result<std::unique_ptr<Projection>> {
                  return std::unique_ptr<Projection>(std::make_unique<Steps>(workspace, sink, self, told));
              },
              stop, [](const Error &) {}) // what ended it is what `finish` returns
    {
    }
    const Configured<SinkSpec> sink;
    LedgerFollower follower; ///< Last: its thread uses the other.
};

SinkProjector::SinkProjector(Workspace workspace, std::vector<Configured<SinkSpec>> sinks,
                             const std::atomic<bool> *stop, std::function<void(const std::string &)> told)
    : m_workspace(std::move(workspace)), m_told(std::move(told))
{
    for (Configured<SinkSpec> &sink : sinks)
        m_followed.push_back(std::make_unique<Followed>(m_workspace, std::move(sink), stop, m_told));
}

SinkProjector::~SinkProjector() = default;

std::vector<std::string> SinkProjector::finish()
{
    std::vector<std::future<Status>> ends; // at the same time: one that is away makes no other wait
    for (const auto &followed : m_followed)
        ends.push_back(std::async(std::launch::async, [&followed] { return followed->follower.finish(); }));
    std::vector<std::string> behind;
    for (std::size_t i = 0; i < ends.size(); ++i) {
        const Status done = ends[i].get();
        const std::string name = sinkName(m_followed[i]->sink);
        if (!done && done.error().code != Error::Code::NotFound)
            behind.push_back("sink " + name + ": " + done.error().text() + "; then: eventops sinks push " + name);
    }
    return behind;
}

SinkWatch::SinkWatch(Workspace workspace, Load load, std::function<void(const std::string &)> told)
    : m_workspace(std::move(workspace)), m_load(std::move(load)), m_told(std::move(told)), m_thread([this] { watch(); })
{
}

SinkWatch::~SinkWatch()
{
    {
        const std::lock_guard lock(m_mutex);
        m_ended = true;
    }
    m_wake.notify_all();
    m_thread.join();
}

void SinkWatch::watch()
{
    std::unique_ptr<SinkProjector> projector;
    const Error asBefore{Error::Code::NotFound, "nothing changed"};
    std::string seen, shape;
    std::unique_lock lock(m_mutex);
    do {
        lock.unlock();
        const std::string stamp = stampOf(m_workspace);
        auto sinks = stamp != seen ? m_load() : Result<std::vector<Configured<SinkSpec>>>(asBefore);
        seen = sinks ? stamp : seen;
        if (sinks && shapeOf(sinks.value()) != shape) {
            shape = shapeOf(sinks.value());
            projector.reset(); // its locks must be free before
            if (!sinks.value().empty())
                projector = std::make_unique<SinkProjector>(m_workspace, std::move(sinks).value(), nullptr, m_told);
        }
        lock.lock();
    } while (!m_wake.wait_for(lock, WatchTime, [this] { return m_ended; }));
}

} // namespace eventops
