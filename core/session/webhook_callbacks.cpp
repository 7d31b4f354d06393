// SPDX-License-Identifier: MIT
#include "core/session/webhook_callbacks.h"

#include "core/codec/action_events.h"
#include "core/filter/rows.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::size_t SeenMax = 10'000;

/// Who speaks is not known yet: the reason is for our own health view.
Error notNow()
{
    return Error{Error::Code::Unavailable, "webhooks cannot be checked just now", {}, "see: eventops webhook status"};
}

} // namespace

Error unknownWebhook()
{
    return WebhookKeys().verify({"1", "1", "v1,"}, {}, 1).error();
}

WebhookCallbacks::WebhookCallbacks(Workspace workspace, std::function<void()> moved, const Clock *clock)
    : m_workspace(std::move(workspace)),
      m_moved(std::move(moved)),
      m_clock(clock != nullptr ? *clock : m_systemClock),
      m_thread([this] { work(); })
{
}

WebhookCallbacks::~WebhookCallbacks()
{
    {
        const std::lock_guard lock(m_mutex);
        m_ended = true;
    }
    m_wake.notify_all();
    m_thread.join();
    for (const Waiting &waiting : m_waiting)
        waiting.done(Error{Error::Code::Cancelled, "the server ends", {}, "send it again"});
}

void WebhookCallbacks::post(WebhookCallback callback, Done done)
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_waiting.size() < WaitingMax && !m_ended) {
            m_waiting.push_back({std::move(callback), std::move(done)});
            m_wake.notify_one();
            return;
        }
    }
    done(Error{Error::Code::Busy, "too many callbacks wait", {}, "send it again in a moment"});
}

void WebhookCallbacks::work()
{
    for (;;) {
        Waiting next;
        {
            std::unique_lock lock(m_mutex);
            m_wake.wait(lock, [this] { return m_ended || !m_waiting.empty(); });
            if (m_ended)
                return;
            next = std::move(m_waiting.front());
            m_waiting.pop_front();
        }
        const auto taken = take(next.callback);
        if (taken && taken.value() != Taken::Known && m_moved)
            m_moved();
        next.done(taken);
    }
}

Result<WebhookCallbacks::Taken> WebhookCallbacks::take(const WebhookCallback &callback)
{
    const auto hooks = readWebhooks(m_workspace);
    if (!hooks)
        return notNow();
    const auto hook = std::find_if(hooks.value().begin(), hooks.value().end(), [&](const WebhookHook &one) {
        return one.name == callback.hook && !one.callback.empty();
    });
    if (hook == hooks.value().end())
        return unknownWebhook();
    const auto keys = hook->keys(m_workspace);
    if (!keys)
        return notNow();
    const std::int64_t now = raw(m_clock.now()) / NsPerSecond;
    EVENTOPS_TRY(keys.value().verify(callback.head, callback.body, now));
    const std::string name = hook->name + '/' + callback.head.id;
    if (wasSeen(name, now))
        return Taken::Known;
    auto taken = takeVerified(*hook, EVENTOPS_TRY(webhookDocument(callback.body)));
    if (taken) // what could not be taken may come again under its id
        m_seen[name] = now + 2 * WebhookToleranceSeconds;
    return taken;
}

/// Within the time in which its signature is good. Later it is refused for its timestamp.
bool WebhookCallbacks::wasSeen(const std::string &name, std::int64_t now)
{
    std::erase_if(m_seen, [&](const auto &one) { return one.second < now; });
    while (m_seen.size() >= SeenMax) // what it held changes nothing the second time: see ActionReports
        m_seen.erase(m_seen.begin());
    return m_seen.contains(name);
}

Result<WebhookCallbacks::Taken> WebhookCallbacks::takeVerified(const WebhookHook &hook, const std::string &document)
{
    if (m_ledger == nullptr)
        m_ledger = EVENTOPS_TRY(Ledger::open(m_workspace.directory, LedgerMode::Decide, {}));
    if (!m_ledger->changeCounter()) { // the file was moved away
        m_reports.clear();
        m_ledger.reset();
        return Error{Error::Code::Busy, "the workspace's ledger was replaced", {}, "send it again"};
    }
    const ActionReport report = EVENTOPS_TRY(decodeActionReport(document));
    const Filter filter = EVENTOPS_TRY(Filter::parse(hook.filter));
    const Error notIts{Error::Code::NotFound,
                       "this webhook was not asked to see to action \"" + report.actionId.substr(0, 100) + '"',
                       {},
                       "give action_id as the request has it"};
    auto &reports = m_reports[hook.name];
    if (reports == nullptr)
        reports = std::make_unique<ActionReports>(*m_ledger, "webhook:" + hook.name);
    const auto action = reports->find(report.actionId);
    if (action && !filter.matchesAll() && !filter.matches(ActionRow(action.value())))
        return notIts;
    auto taken = reports->take(document);
    return taken && taken.value() == Taken::Foreign ? Result<Taken>(notIts) : std::move(taken);
}

} // namespace eventops
