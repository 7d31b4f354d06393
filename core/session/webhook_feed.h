// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/clock.h"
#include "core/filter/filter.h"
#include "core/session/ledger_follower.h"
#include "core/session/webhook_sender.h"
#include "core/session/webhook_settings.h"
#include "core/session/workspace.h"
#include "core/store/ledger.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace eventops {

/// A message that its target did not take, however often it was offered. What it held stands in the ledger.
struct SetAsideMessage {
    std::string kind;         ///< "finding" or "action".
    std::uint64_t number = 0; ///< Of the ledger.
    std::string id, why;
};

/// How far one hook got: `webhook-NAME.mark` of the workspace. The numbers are the ledger's.
struct WebhookMark {
    static constexpr std::size_t SetAsideMax = 1'000;

    std::uint64_t findings = 0;  ///< Number of the last finding that is there, or that is not for this target …
    std::uint64_t actions = 0;   ///< … and of the last document of an action.
    std::uint64_t delivered = 0; ///< Messages that it took.
    bool gone = false;           ///< The target wants no more.
    std::string trouble;         ///< Why the next one is not there yet; empty: all is well.
    WallNs since = NoTime;       ///< Of the trouble.
    std::string trying;          ///< Id of the next one, while there is trouble with it,
    std::uint32_t attempts = 0;  ///< … and how often it was offered.
    std::vector<SetAsideMessage> setAside;

    /// NotFound, Corrupt.
    static Result<WebhookMark> read(const std::string &path);
    Status write(const std::string &path) const;
    /// The mark of a hook that begins now: nothing of what is in the ledger goes out. No ledger yet: of the beginning.
    static Result<WebhookMark> fromNow(const Workspace &workspace);
};

/// What of a workspace's hooks does not go as it should, one sentence each with the remedy; empty: all is well.
/// Reads files alone.
std::vector<std::string> webhookTroubles(const Workspace &workspace);

/// How patiently a target is offered what it does not take.
struct WebhookPatience {
    std::int64_t delayMs = 1'000;      ///< After the first attempt; doubles with each further one, …
    std::int64_t delayMsMax = 300'000; ///< … up to this. Each is cut by a random part of up to half.
    std::uint32_t attemptsMax = 12;    ///< A message that it answers with 500 or the like is set aside then,
    std::uint32_t refusalsMax = 5;     ///< … one that it refuses (4xx) earlier.
};

/// Delivers what the ledger has committed to one target, in order and at least once: the mark moves when the target has
/// taken a message, so after a crash some come twice, byte for byte and under the same id. It only ever reads the
/// ledger, never while it waits for the network, and holds the hook's lock only while it delivers. Thread: one.
class WebhookFeed
{
public:
    /// NotFound: no ledger yet. What is wrong with the hook's secret.
    static Result<std::unique_ptr<WebhookFeed>> open(const Workspace &workspace, const WebhookHook &hook,
                                                     std::function<bool()> mustStop,
                                                     const WebhookPatience &patience = {},
                                                     const Clock *clock = nullptr);

    /// Delivers everything that is committed by now. Unavailable: not yet, see `wait`; Refused: the target is gone;
    /// Busy: another process delivers; Cancelled: stopped; Full, Io: the mark cannot be written, and until it can
    /// nothing more is delivered.
    Status catchUp();
    /// Offers again what was set aside, also to a target that was gone. How many it took.
    Result<std::uint64_t> retry();

    std::chrono::milliseconds wait() const { return m_wait; } ///< After Unavailable: so long.
    const WebhookMark &mark() const { return m_mark; }
    Result<std::uint64_t> changeCounter() { return m_ledger->changeCounter(); }
    ~WebhookFeed();

private:
    /// A message, and the ledger's number of what it holds.
    struct Numbered {
        std::uint64_t number = 0;
        WebhookMessage message;
    };

    WebhookFeed(const Workspace &workspace, const WebhookHook &hook, std::function<bool()> mustStop,
                const WebhookPatience &patience, const Clock *clock);
    Status findMark();
    Status push(const std::string &kind, std::uint64_t WebhookMark::*mark);
    Status gather(const std::string &kind, std::uint64_t after, std::size_t messagesMax, std::vector<Numbered> &out,
                  std::uint64_t &upTo, bool &more);
    std::optional<WebhookMessage> messageOf(const Finding &finding) const;
    std::optional<WebhookMessage> messageOf(const InputRow &row);
    Status deliver(const std::string &kind, const Numbered &numbered);
    Status failed(const std::string &kind, const Numbered &numbered, const WebhookSender::Answer &answer);
    std::chrono::milliseconds backOff(std::uint32_t attempts) const;
    Status save();

    const Workspace m_workspace;
    const WebhookHook m_hook;
    const std::function<bool()> m_mustStop;
    const WebhookPatience m_patience;
    SystemClock m_systemClock;
    const Clock &m_clock;
    Filter m_filter;
    std::optional<WebhookKeys> m_keys;
    std::unique_ptr<WebhookSender> m_sender;
    std::unique_ptr<Ledger> m_ledger;
    WebhookMark m_mark;
    bool m_kept = false; ///< The mark could be written the last time.
    std::chrono::milliseconds m_wait{0};
};

/// Delivers to all hooks of a workspace, each by a follower of its own, so that none waits for another; hooks that come
/// and go meanwhile are followed. Thread: the one that made it.
class WebhookProjector
{
public:
    /// @p stop: set by any thread; it then ends early. Null: nobody. @p told: hears once of each trouble that no mark
    /// tells of, because it is the mark that cannot be written; on any thread. Null: nobody.
    WebhookProjector(Workspace workspace, const std::atomic<bool> *stop,
                     std::function<void(const std::string &)> told = nullptr);
    ~WebhookProjector(); ///< Ends without catching up, if `finish` was not called.

    /// Offers all that is committed once and ends. What is not there afterwards, a sentence a hook.
    std::vector<std::string> finish();

private:
    class Steps;
    struct Followed;
    void watch();
    void refresh();

    const Workspace m_workspace;
    const std::atomic<bool> *const m_stop;
    const std::function<void(const std::string &)> m_told;
    std::mutex m_mutex;
    std::condition_variable m_wake;
    bool m_ended = false;
    std::string m_seen; ///< Of the settings' file: when it was written last.
    std::map<std::string, std::unique_ptr<Followed>> m_followed;
    std::thread m_watch; ///< Last: it uses the others.
};

} // namespace eventops
