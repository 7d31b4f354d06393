// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/clock.h"
#include "core/codec/webhook.h"
#include "core/session/action_reports.h"
#include "core/session/webhook_settings.h"
#include "core/session/workspace.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace eventops {

/// What the target of a webhook says of an action, as it came in.
struct WebhookCallback {
    std::string hook; ///< Its name.
    WebhookHead head;
    std::string body;
};

/// The way in for signed callbacks: checks who speaks, that it is now and for the first time, and that the action is
/// one that this hook was asked to see to; then hands the document to ActionReports (contracts E32, K120). Thread: any
/// may post; `done` is called on one of its own.
class WebhookCallbacks
{
public:
    static constexpr std::size_t WaitingMax = 64;
    static constexpr std::size_t BodyBytesMax = 256u << 10;
    using Taken = ActionReports::Taken;

    /// What came of a callback. Refused: no such hook, or not signed by it, as one and the same. InvalidInput: not to
    /// be understood. NotFound: not an action of this hook. Busy: try again.
    using Done = std::function<void(const Result<Taken> &)>;

    /// @p moved: called after a report was taken, which waits in the input log then. @p clock: what timestamps are
    /// compared with; null: the system's.
    explicit WebhookCallbacks(Workspace workspace, std::function<void()> moved = {}, const Clock *clock = nullptr);
    ~WebhookCallbacks(); ///< What waits ends with Cancelled.

    void post(WebhookCallback callback, Done done);

private:
    struct Waiting {
        WebhookCallback callback;
        Done done;
    };
    void work();
    Result<Taken> take(const WebhookCallback &callback);
    Result<Taken> takeVerified(const WebhookHook &hook, const std::string &document);
    bool wasSeen(const std::string &name, std::int64_t now);

    const Workspace m_workspace;
    const std::function<void()> m_moved;
    SystemClock m_systemClock;
    const Clock &m_clock;
    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<Waiting> m_waiting;
    bool m_ended = false;
    std::unique_ptr<Ledger> m_ledger;                                ///< The thread's own, as all below.
    std::map<std::string, std::unique_ptr<ActionReports>> m_reports; ///< By hook: its name is in the audit.
    std::map<std::string, std::int64_t> m_seen; ///< Ids of callbacks that were taken: until when they are remembered.
    std::thread m_thread;                       ///< Last: it uses the others.
};

/// What is said to who speaks for a hook that is not there: the same as for a wrong signature, so that nobody learns
/// names by asking.
Error unknownWebhook();

} // namespace eventops
