// SPDX-License-Identifier: MIT
#include "core/api/alert_feed.h"

#include <algorithm>
#include <iterator>

namespace eventops::api {
namespace {

constexpr std::uint64_t MarginRows = 256;        ///< Findings that may have come since their number was told.
constexpr std::size_t PastAlertsMax = 4'096;     ///< Read from the ledger at a time.
const Caller Everybody{"api", Role::Viewer, {}}; ///< Tenants are told apart when something is handed on.

} // namespace

/// What is read of a viewer's past.
struct AlertFeed::Past {
    std::string after;
    bool met = false;  ///< `after` was there.
    bool full = false; ///< There is more.
    std::deque<Alert> alerts;
    std::string last; ///< Of the findings looked at, alert or not.
};

std::shared_ptr<AlertFeed> AlertFeed::start(std::shared_ptr<Backend> backend)
{
    std::shared_ptr<AlertFeed> feed(new AlertFeed(backend));
    const std::weak_ptr<AlertFeed> weak = feed;
    const Ticket subscription = backend->subscribe(Everybody, [weak](const Change &change) {
        if (const auto self = weak.lock())
            self->changed(change);
    });
    const std::lock_guard lock(feed->m_mutex);
    feed->m_subscription = subscription;
    return feed;
}

void AlertFeed::stop()
{
    const std::lock_guard lock(m_mutex);
    m_subscription.cancel();
    m_backend = nullptr;
    for (const auto &viewer : m_viewers)
        viewer->exchange->end();
    m_viewers.clear();
}

std::size_t AlertFeed::viewers() const
{
    const std::lock_guard lock(m_mutex);
    return m_viewers.size();
}

AlertFeed::Alert AlertFeed::alertOf(const Finding &finding)
{
    if (finding.alert.empty())
        return {finding.id, finding.tenant, {}};
    return {finding.id, finding.tenant, "id: " + finding.id + "\ndata: " + finding.alert + "\n\n"};
}

void AlertFeed::changed(const Change &change)
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_backend == nullptr || (m_refreshes > 0 && change.findings == m_findings))
            return;
        m_wanted = change.findings;
        if (m_refreshes > 0)
            m_rows = (change.findings > m_findings ? change.findings - m_findings : KeptMax) + MarginRows;
    }
    refresh();
}

/// Reads the newest findings, down to the last one seen.
void AlertFeed::refresh()
{
    const std::lock_guard lock(m_mutex);
    if (m_backend == nullptr)
        return;
    if (m_refreshing) {
        m_again = true;
        return;
    }
    m_refreshing = true;
    const Query query{"", m_rows, false};
    const auto rows = std::make_shared<std::vector<Finding>>();
    m_backend->findings(
        Everybody, query,
        [rows](std::vector<Finding> page) { std::move(page.begin(), page.end(), std::back_inserter(*rows)); },
        [self = shared_from_this(), rows, asked = query.rowsMax](const Result<Ok> &done) {
            // A workspace without a ledger has no findings; what else fails is tried again at the next change.
            self->refreshed(std::move(*rows), asked, bool(done) || done.error().code == Error::Code::NotFound);
        });
}

void AlertFeed::refreshed(std::vector<Finding> newestFirst, std::uint64_t asked, bool complete)
{
    bool again = false;
    {
        const std::lock_guard lock(m_mutex);
        m_refreshing = false;
        const auto seen = std::find_if(newestFirst.begin(), newestFirst.end(),
                                       [&](const Finding &finding) { return finding.id == m_newest; });
        if (complete && seen == newestFirst.end() && !m_newest.empty() && newestFirst.size() == asked) {
            m_rows = asked * 8; // more came than was told of
            again = true;
        } else if (complete) {
            for (auto finding = std::make_reverse_iterator(seen); finding != newestFirst.rend(); ++finding)
                keep(*finding);
            if (!newestFirst.empty())
                m_newest = newestFirst.front().id;
            m_findings = m_wanted;
            ++m_refreshes;
            again = m_again;
        }
        m_again = false;
    }
    pumpAll();
    if (again)
        refresh();
}

bool AlertFeed::isFor(const Viewer &viewer, const Alert &alert)
{
    return !alert.frame.empty() && viewer.caller.maySee(alert.tenant);
}

void AlertFeed::keep(const Finding &finding)
{
    if (!m_numbers.emplace(finding.id, end()).second)
        return;
    m_alerts.push_back(alertOf(finding));
    if (m_alerts.size() <= KeptMax)
        return;
    m_numbers.erase(m_alerts.front().id);
    m_alerts.pop_front();
    ++m_first;
}

void AlertFeed::attach(std::shared_ptr<HttpExchange> exchange, const Caller &caller, const std::string &lastId)
{
    const auto viewer = std::make_shared<Viewer>();
    viewer->exchange = std::move(exchange);
    viewer->caller = caller;
    viewer->after = lastId;
    viewer->written = std::chrono::steady_clock::now();
    HttpResponse head;
    head.contentType = "text/event-stream";
    const std::weak_ptr<Viewer> weakViewer = viewer;
    viewer->exchange->beginStream(std::move(head), [weak = weak_from_this(), weakViewer] {
        const auto self = weak.lock();
        const auto polled = weakViewer.lock();
        if (self && polled)
            self->pump(polled);
    });
    viewer->exchange->whenGone([weak = weak_from_this(), weakViewer] {
        const auto self = weak.lock();
        const auto gone = weakViewer.lock();
        if (self && gone)
            self->forget(gone);
    });
    viewer->exchange->write(": alerts\n\n"); // so that the client sees that it is connected
    {
        const std::lock_guard lock(m_mutex);
        if (m_backend == nullptr)
            return viewer->exchange->end();
        m_viewers.push_back(viewer);
    }
    pump(viewer);
}

void AlertFeed::forget(const std::shared_ptr<Viewer> &viewer)
{
    const std::lock_guard lock(m_mutex);
    m_viewers.remove(viewer);
}

void AlertFeed::pumpAll()
{
    std::vector<std::shared_ptr<Viewer>> viewers;
    {
        const std::lock_guard lock(m_mutex);
        viewers.assign(m_viewers.begin(), m_viewers.end());
    }
    for (const auto &viewer : viewers)
        pump(viewer);
}

void AlertFeed::pump(const std::shared_ptr<Viewer> &viewer)
{
    if (wantsPast(viewer))
        readPast(viewer);
}

/// Hands on what there is. True: what comes next is not at hand, and is to be read.
bool AlertFeed::wantsPast(const std::shared_ptr<Viewer> &viewer)
{
    const std::lock_guard lock(m_mutex);
    if (viewer->exchange->gone()) {
        m_viewers.remove(viewer);
        return false;
    }
    if (m_backend == nullptr || m_refreshes == 0 || viewer->reading || viewer->exchange->queuedBytes() >= HandedBytes)
        return false;
    const bool atHand = !viewer->past.empty() || place(*viewer);
    hand(*viewer); // or a sign of life
    viewer->reading = !atHand && m_refreshes >= viewer->readAgainAt;
    return viewer->reading;
}

/// Finds out which alert comes next. False: it is not at hand.
bool AlertFeed::place(Viewer &viewer)
{
    if (viewer.placed && viewer.next >= m_first)
        return true;
    viewer.placed = viewer.after.empty();
    if (viewer.placed) {
        viewer.next = end();
        for (std::size_t given = 0; viewer.next > m_first && given < GreetingMax; --viewer.next)
            given += isFor(viewer, m_alerts[viewer.next - 1 - m_first]) ? 1 : 0;
        return true;
    }
    const auto at = m_numbers.find(viewer.after);
    if (at == m_numbers.end())
        return false;
    viewer.next = at->second + 1;
    viewer.placed = true;
    return true;
}

void AlertFeed::hand(Viewer &viewer)
{
    std::string bytes;
    const auto add = [&](const Alert &alert) {
        if (isFor(viewer, alert))
            bytes += alert.frame;
        viewer.after = alert.id;
    };
    for (; !viewer.past.empty() && bytes.size() < HandedBytes; viewer.past.pop_front())
        add(viewer.past.front());
    if (viewer.past.empty() && place(viewer)) {
        for (; viewer.next < end() && bytes.size() < HandedBytes; ++viewer.next)
            add(m_alerts[viewer.next - m_first]);
    }
    const auto now = std::chrono::steady_clock::now();
    if (bytes.empty() && now - viewer.written < HeartbeatEvery)
        return;
    viewer.written = now;
    viewer.exchange->write(bytes.empty() ? ": still there\n\n" : std::move(bytes));
}

/// Reads from the ledger what is behind the viewer's last alert.
void AlertFeed::readPast(const std::shared_ptr<Viewer> &viewer)
{
    const auto past = std::make_shared<Past>();
    const std::lock_guard lock(m_mutex);
    if (m_backend == nullptr)
        return;
    past->after = viewer->after;
    m_backend->findings(
        Everybody, {"", UINT64_MAX, true},
        [past](const std::vector<Finding> &page) {
            for (const Finding &finding : page) {
                if (past->full)
                    return;
                if (past->met) {
                    past->last = finding.id;
                    if (!finding.alert.empty())
                        past->alerts.push_back(alertOf(finding));
                    past->full = past->alerts.size() == PastAlertsMax;
                }
                past->met = past->met || finding.id == past->after;
            }
        },
        [self = shared_from_this(), viewer, past](const Result<Ok> &done) {
            self->pastRead(viewer, *past, bool(done));
        });
}

void AlertFeed::pastRead(const std::shared_ptr<Viewer> &viewer, Past &past, bool complete)
{
    {
        const std::lock_guard lock(m_mutex);
        viewer->reading = false;
        viewer->past = std::move(past.alerts);
        if (!past.last.empty()) // going on there spares reading what is no alert again
            viewer->past.push_back({past.last, {}, {}});
        // Read to its end, the ledger's last alert is at hand after a refresh that begins from now on.
        viewer->readAgainAt = past.full ? 0 : m_refreshes + 2;
        if (complete && !past.met) { // nothing here was ever called so
            viewer->after.clear();
            viewer->exchange->write(": the last event is not known here\n\n");
        }
    }
    pump(viewer);
}

} // namespace eventops::api
