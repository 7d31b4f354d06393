// SPDX-License-Identifier: MIT
#include "core/session/change_hub.h"

#include <algorithm>

namespace eventops {

ChangeHub::ChangeHub(Workspace workspace) : m_workspace(std::move(workspace)), m_thread([this] { work(); }) {}

ChangeHub::~ChangeHub()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stop = true;
    }
    m_wake.notify_all();
    m_thread.join();
}

Ticket ChangeHub::subscribe(std::function<void(Change)> changed)
{
    auto subscriber = std::make_shared<Subscriber>();
    subscriber->changed = std::move(changed);
    {
        const std::lock_guard lock(m_mutex);
        m_subscribers.push_back(subscriber);
        m_poked = true;
    }
    m_wake.notify_all();
    return subscriber->ticket;
}

void ChangeHub::runStarted()
{
    {
        const std::lock_guard lock(m_mutex);
        m_running = true;
        m_progress = {};
        m_poked = true;
    }
    m_wake.notify_all();
}

void ChangeHub::runAdvanced(const RunProgress &progress)
{
    const std::lock_guard lock(m_mutex);
    m_progress = progress; // no wake: the hub looks by itself while a run is under way
}

void ChangeHub::runCommitted()
{
    {
        const std::lock_guard lock(m_mutex);
        m_poked = true;
    }
    m_wake.notify_all();
}

void ChangeHub::runEnded()
{
    {
        const std::lock_guard lock(m_mutex);
        m_running = false;
        m_poked = true;
    }
    m_wake.notify_all();
}

bool ChangeHub::running() const
{
    const std::lock_guard lock(m_mutex);
    return m_running;
}

RunProgress ChangeHub::progress() const
{
    const std::lock_guard lock(m_mutex);
    return m_progress;
}

void ChangeHub::work()
{
    Change change;
    for (;;) {
        {
            std::unique_lock lock(m_mutex);
            if (m_subscribers.empty())
                m_wake.wait(lock, [&] { return m_stop || !m_subscribers.empty(); });
            else
                m_wake.wait_for(lock, m_running ? CallbackEvery : IdleLook, [&] { return m_stop || m_poked; });
            if (m_stop)
                return;
            m_poked = false;
            std::erase_if(m_subscribers, [](const auto &s) { return s->ticket.cancelled(); });
        }
        tell(change, look(change));
        // However often one is poked, subscribers hear 20 times a second.
        std::unique_lock lock(m_mutex);
        m_wake.wait_for(lock, CallbackEvery, [&] { return m_stop; });
    }
}

/// Brings @p change up to date. True when something did change.
bool ChangeHub::look(Change &change)
{
    if (m_ledger == nullptr) {
        auto ledger = Ledger::open(m_workspace.directory, LedgerMode::Read, {});
        if (ledger)
            m_ledger = std::move(ledger).value(); // else: nothing was stored yet, or it cannot be read now
    }
    bool changed = false;
    {
        const std::lock_guard lock(m_mutex);
        changed = m_running != m_wasRunning || m_progress.trouble != change.progress.trouble
                  || (m_running && m_progress.bytesRead != change.progress.bytesRead);
        m_wasRunning = m_running;
        change.running = m_running;
        change.progress = m_progress;
    }
    if (m_ledger != nullptr) {
        const auto counter = m_ledger->changeCounter();
        if (!counter) {
            m_ledger.reset(); // opened anew at the next look
        } else if (counter.value() != m_counter) {
            m_counter = counter.value();
            change.events = m_ledger->eventCount().valueOr(change.events);
            change.findings = m_ledger->findingCount().valueOr(change.findings);
            change.suggestions = m_ledger->suggestionCount().valueOr(change.suggestions);
            change.clock = m_ledger->watermark().valueOr(change.clock);
            changed = true;
        }
    }
    if (changed)
        change.revision = ++m_revision;
    return changed;
}

void ChangeHub::tell(const Change &change, bool everybody)
{
    std::vector<std::shared_ptr<Subscriber>> subscribers;
    {
        const std::lock_guard lock(m_mutex);
        subscribers = m_subscribers;
    }
    for (const auto &subscriber : subscribers) {
        if (!subscriber->ticket.cancelled() && (everybody || subscriber->fresh))
            subscriber->changed(change);
        subscriber->fresh = false;
    }
}

} // namespace eventops
