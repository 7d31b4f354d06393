// SPDX-License-Identifier: MIT
#include "core/session/webhook_feed.h"

#include <filesystem>

namespace eventops {
namespace {

constexpr std::chrono::seconds SettingsLook{1}; ///< Between two looks whether hooks came or went.
constexpr std::chrono::seconds AwayTime{5};     ///< After what is no matter of the target.
constexpr std::chrono::seconds GoneTime{10};    ///< Between two looks whether somebody wants a gone target again.

/// When the settings were written last; empty: there are none.
std::string stampOf(const Workspace &workspace)
{
    std::error_code failed;
    const auto time = std::filesystem::last_write_time(webhooksFile(workspace), failed);
    return failed ? std::string() : std::to_string(time.time_since_epoch().count());
}

} // namespace

/// What a follower does at each look.
class WebhookProjector::Steps final : public Projection
{
public:
    Steps(const Workspace &workspace, const WebhookHook &hook, const LedgerFollower &follower,
          const std::function<void(const std::string &)> &told)
        : m_workspace(workspace), m_hook(hook), m_follower(follower), m_told(told)
    {
    }

    Status step() override
    {
        if (std::chrono::steady_clock::now() < m_nextTry)
            return Ok{};
        const Status done = tryStep();
        if (done) {
            m_trouble.clear();
            return done;
        }
        std::chrono::milliseconds wait = AwayTime;
        switch (done.error().code) {
        case Error::Code::Unavailable: wait = m_feed != nullptr ? m_feed->wait() : wait; break;
        case Error::Code::Refused: wait = GoneTime; break;
        case Error::Code::Busy: wait = std::chrono::seconds(1); break; // another process delivers
        case Error::Code::Cancelled: return Ok{};
        case Error::Code::Full:
        case Error::Code::Io: tell(done.error()); break;
        default: m_feed.reset(); // no ledger yet, or it was moved away
        }
        m_nextTry = std::chrono::steady_clock::now() + wait;
        m_changes.reset();
        return Ok{};
    }
    Status finish() override
    {
        m_changes.reset();
        const Status done = tryStep();
        const bool others = !done && done.error().code == Error::Code::Busy;
        return others ? Status(Ok{}) : done;
    }

private:
    void tell(const Error &error)
    {
        if (m_told && m_trouble != error.text())
            m_told("webhook " + m_hook.name + ": " + error.text());
        m_trouble = error.text();
        m_feed.reset();
    }

    Status tryStep()
    {
        if (m_feed == nullptr)
            m_feed = EVENTOPS_TRY(
                WebhookFeed::open(m_workspace, m_hook, [follower = &m_follower] { return follower->mustStop(); }));
        const std::uint64_t counter = EVENTOPS_TRY(m_feed->changeCounter());
        if (m_changes == counter)
            return Ok{};
        EVENTOPS_TRY(m_feed->catchUp());
        m_changes = counter;
        return Ok{};
    }

    const Workspace &m_workspace;
    const WebhookHook &m_hook;
    const LedgerFollower &m_follower;
    const std::function<void(const std::string &)> &m_told;
    std::string m_trouble; ///< What was told last.
    std::unique_ptr<WebhookFeed> m_feed;
    std::optional<std::uint64_t> m_changes; ///< Counter at the last time that all was there.
    std::chrono::steady_clock::time_point m_nextTry;
};

struct WebhookProjector::Followed {
    Followed(const Workspace &workspace, WebhookHook given, const std::atomic<bool> *stop,
             const std::function<void(const std::string &)> &told)
        : hook(std::move(given)),
          follower(
              [this, &workspace, &told](const LedgerFollower &self) -> Result<std::unique_ptr<Projection>> {
                  return std::unique_ptr<Projection>(std::make_unique<Steps>(workspace, hook, self, told));
              },
              stop, [](const Error &) {}) // what ended it is what `finish` returns
    {
    }
    const WebhookHook hook;
    LedgerFollower follower; ///< Last: its thread uses the other.
};

WebhookProjector::WebhookProjector(Workspace workspace, const std::atomic<bool> *stop,
                                   std::function<void(const std::string &)> told)
    : m_workspace(std::move(workspace)), m_stop(stop), m_told(std::move(told))
{
    refresh();
    m_watch = std::thread([this] { watch(); });
}

WebhookProjector::~WebhookProjector()
{
    {
        const std::lock_guard lock(m_mutex);
        m_ended = true;
    }
    m_wake.notify_all();
    if (m_watch.joinable())
        m_watch.join();
}

void WebhookProjector::watch()
{
    std::unique_lock lock(m_mutex);
    while (!m_wake.wait_for(lock, SettingsLook, [this] { return m_ended; })) {
        lock.unlock();
        refresh();
        lock.lock();
    }
}

/// The constructor's thread, then the watch's own. Settings that cannot be read leave all as it was; health tells.
void WebhookProjector::refresh()
{
    const std::string stamp = stampOf(m_workspace);
    if (stamp == m_seen)
        return;
    auto hooks = readWebhooks(m_workspace);
    if (!hooks)
        return;
    m_seen = stamp;
    std::map<std::string, std::unique_ptr<Followed>> kept;
    for (WebhookHook &hook : hooks.value()) {
        const auto known = m_followed.find(hook.name);
        const bool same = known != m_followed.end() && known->second->hook == hook;
        if (same) {
            kept.insert(m_followed.extract(known));
            continue;
        }
        if (known != m_followed.end())
            m_followed.erase(known); // its lock must be free before
        kept.emplace(hook.name, std::make_unique<Followed>(m_workspace, hook, m_stop, m_told));
    }
    m_followed = std::move(kept);
}

std::vector<std::string> WebhookProjector::finish()
{
    {
        const std::lock_guard lock(m_mutex);
        m_ended = true;
    }
    m_wake.notify_all();
    m_watch.join();
    refresh();
    std::vector<std::string> behind;
    for (const auto &[name, followed] : m_followed) {
        const Status done = followed->follower.finish();
        if (!done && done.error().code != Error::Code::NotFound)
            behind.push_back("webhook " + name + ": " + done.error().text() + "; then: eventops webhook push " + name);
    }
    return behind;
}

} // namespace eventops
