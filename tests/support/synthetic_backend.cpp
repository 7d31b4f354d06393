// SPDX-License-Identifier: MIT
#include "tests/support/synthetic_backend.h"

#include "core/base/hash.h"
#include "core/filter/filter.h"

#include <array>
#include <charconv>
#include <cstdio>

namespace eventops::test {
namespace {

constexpr std::array<const char *, 12> Types{"Host",  "Order",    "Service", "Payment",  "Shipment", "Queue",
                                             "Job",   "Database", "Cache",   "Customer", "Deploy",   "Gateway"};
constexpr std::array<const char *, 6> Steps{"created", "confirmed", "picked", "packed", "shipped", "delivered"};
constexpr std::array<const char *, 4> Tenants{"globex", "acme", "initech", "umbrella"};
constexpr std::array<const char *, 4> Metrics{"cpu_load", "memory_used", "latency", "queue_depth"};
constexpr std::array<const char *, 4> Units{"percent", "percent", "ms", "count"};

std::uint64_t mixed(std::uint64_t place) { return hashCombine(place + 1, 0x243f6a8885a308d3ULL); }

std::uint16_t laneOf(std::uint64_t place, unsigned lanes)
{
    // The smaller of two draws: the first lanes get the most.
    const std::uint64_t r = mixed(place);
    return static_cast<std::uint16_t>(std::min(r % lanes, (r >> 20) % lanes));
}

std::string laneName(unsigned lane)
{
    std::string name = Types[lane % Types.size()];
    return lane < Types.size() ? name : name + " " + std::to_string(lane / Types.size() + 1);
}

Severity severityOf(std::uint64_t place)
{
    const std::uint64_t r = mixed(place) >> 40;
    const std::uint64_t burst = place / 4'096 % 37 == 5 ? 20 : 1; // some stretches are worse than others
    if (r % 1'000 < 2 * burst)
        return Severity::Critical;
    if (r % 1'000 < 10 * burst)
        return Severity::Error;
    if (r % 1'000 < 40 * burst)
        return Severity::Warning;
    return r % 4 == 0 ? Severity::Notice : Severity::Info;
}

WallNs timeOf(std::uint64_t place, const SyntheticOptions &options)
{
    const auto late = static_cast<std::int64_t>(mixed(place) >> 10 & 63) - 13;
    return WallNs{options.startNs
                  + (static_cast<std::int64_t>(place) - std::max<std::int64_t>(0, late)) * options.stepNs};
}

std::string hostileText(std::uint64_t place)
{
    std::string text = "<b>bold</b> <img src=\"http://example.invalid/x.png\"> \x1b[31mred\x07 \xe2\x80\xae"
                       "txt.exe\xe2\x80\xac \xff\xfe line one\nline two\ttab \xe2\x80\xa8 {{x}} %1 &amp; ";
    text += '\0';
    if (place % 256 == 0)
        text.append(1u << 20, 'x');
    return text;
}

} // namespace

SyntheticBackend::SyntheticBackend(SyntheticOptions options) : m_options(options), m_events(options.events)
{
    m_thread = std::thread([this] {
        for (;;) {
            std::function<void()> job;
            {
                std::unique_lock lock(m_mutex);
                m_wake.wait(lock, [this] { return m_stop || (!m_held && !m_jobs.empty()); });
                if (m_stop)
                    return;
                job = std::move(m_jobs.front());
                m_jobs.pop_front();
            }
            job();
        }
    });
}

SyntheticBackend::~SyntheticBackend()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stop = true;
    }
    m_wake.notify_all();
    m_thread.join();
}

std::string SyntheticBackend::eventId(std::uint64_t place)
{
    char text[40];
    std::snprintf(text, sizeof text, "e%015llu", static_cast<unsigned long long>(place));
    return text;
}

void SyntheticBackend::enqueue(std::function<void()> job)
{
    {
        const std::lock_guard lock(m_mutex);
        m_jobs.push_back(std::move(job));
    }
    m_wake.notify_one();
}

template <typename T>
Ticket SyntheticBackend::post(Done<T> done, std::function<Result<T>(const Ticket &)> work)
{
    const Ticket ticket;
    enqueue([this, ticket, done = std::move(done), work = std::move(work)] {
        std::optional<Error> error;
        {
            const std::lock_guard lock(m_mutex);
            error = m_error;
            ++m_calls;
        }
        if (ticket.cancelled())
            error = Error{Error::Code::Cancelled, "cancelled"};
        done(error ? Result<T>(*error) : work(ticket));
    });
    return ticket;
}

template <typename T>
Ticket SyntheticBackend::nothing(Done<T> done)
{
    return post<T>(std::move(done), [](const Ticket &) -> Result<T> { return T{}; });
}

std::uint64_t SyntheticBackend::count() const
{
    const std::lock_guard lock(m_mutex);
    return m_events;
}

std::uint64_t SyntheticBackend::calls() const
{
    const std::lock_guard lock(m_mutex);
    return m_calls;
}

void SyntheticBackend::tell()
{
    enqueue([this] {
        std::vector<Subscriber> subscribers;
        Change change;
        {
            const std::lock_guard lock(m_mutex);
            subscribers = m_subscribers;
            change.revision = ++m_revision;
            change.events = m_events;
            change.findings = m_findings.size();
            change.suggestions = m_actions.size();
        }
        for (const Subscriber &subscriber : subscribers) {
            if (!subscriber.ticket.cancelled())
                subscriber.changed(change);
        }
    });
}

void SyntheticBackend::setEvents(std::uint64_t events)
{
    {
        const std::lock_guard lock(m_mutex);
        m_events = events;
    }
    tell();
}

void SyntheticBackend::addFinding(Finding finding)
{
    {
        const std::lock_guard lock(m_mutex);
        m_findings.push_back(std::move(finding));
    }
    tell();
}

void SyntheticBackend::addAction(Action action)
{
    {
        const std::lock_guard lock(m_mutex);
        m_actions.push_back(std::move(action));
    }
    tell();
}

void SyntheticBackend::failWith(std::optional<Error> error)
{
    const std::lock_guard lock(m_mutex);
    m_error = std::move(error);
}

void SyntheticBackend::hold(bool held)
{
    {
        const std::lock_guard lock(m_mutex);
        m_held = held;
    }
    m_wake.notify_all();
}

void SyntheticBackend::appendTo(EventPage &page, std::uint64_t place) const
{
    Batch &batch = page.batch;
    StringTable &strings = batch.strings;
    const std::uint64_t r = mixed(place);
    RawRecord record;
    record.seq = place + 1;
    record.position = place * 100;
    record.outcome = Outcome::Stored;
    Event event;
    event.record = static_cast<std::uint32_t>(batch.records.size());
    event.tsEvent = timeOf(place, m_options);
    event.severity = severityOf(place);
    event[Field::EventId] = strings.append(eventId(place));
    event[Field::Tenant] = strings.intern(Tenants[(r >> 8) % Tenants.size()]);
    event[Field::EntityType] = strings.intern(laneName(laneOf(place, m_options.lanes)));
    event[Field::EntityId] = strings.append("node-" + std::to_string((r >> 16) % 500));
    if (r % 3 == 0) {
        event[Field::Type] = strings.intern("metric");
        event[Field::Metric] = strings.intern(Metrics[(r >> 24) % Metrics.size()]);
        event[Field::Unit] = strings.intern(Units[(r >> 24) % Units.size()]);
        event.hasValue = true;
        event.value = static_cast<double>((r >> 30) % 1'000) / 10.0;
    } else {
        event[Field::Type] = strings.intern("order");
        event[Field::Step] = strings.intern(Steps[(r >> 24) % Steps.size()]);
        event[Field::Message] = strings.append("Order " + std::to_string(place) + " moved on, attempt "
                                               + std::to_string(r % 3));
    }
    if (m_options.hostile && place % 16 == 0) {
        event[Field::Message] = strings.append(hostileText(place));
        event[Field::EntityId] = strings.append(hostileText(place));
        event[Field::Type] = strings.append(hostileText(place));
    }
    page.rows.push_back(static_cast<std::uint32_t>(batch.events.size()));
    batch.records.push_back(record);
    batch.events.push_back(event);
}

Ticket SyntheticBackend::events(const Caller &, const Query &query, std::function<void(EventPage)> page, Done<Ok> done)
{
    return post<Ok>(std::move(done), [=, this](const Ticket &ticket) -> Status {
        const Filter filter = EVENTOPS_TRY(Filter::parse(query.filter));
        const std::uint64_t events = count();
        std::uint64_t left = query.rowsMax;
        for (std::uint64_t place = 0; place < events && left > 0 && !ticket.cancelled();) {
            EventPage out;
            for (; out.batch.events.size() < 1'024 && place < events; ++place)
                appendTo(out, query.oldestFirst ? place : events - 1 - place);
            std::erase_if(out.rows, [&](std::uint32_t row) {
                if (left == 0 || !filter.matches(out.batch, out.batch.events[row]))
                    return true;
                --left;
                return false;
            });
            if (!out.rows.empty())
                page(std::move(out));
        }
        return ticket.cancelled() ? Status(Error{Error::Code::Cancelled, "cancelled"}) : Status(Ok{});
    });
}

Ticket SyntheticBackend::eventRange(const Caller &, const EventRange &range, Done<EventPage> done)
{
    return post<EventPage>(std::move(done), [=, this](const Ticket &) -> Result<EventPage> {
        EventPage out;
        const std::uint64_t end = std::min(count(), range.first + range.count);
        for (std::uint64_t place = range.first; place < end; ++place) {
            appendTo(out, place);
            out.places.push_back(place);
        }
        return out;
    });
}

Ticket SyntheticBackend::eventColumns(const Caller &, const EventColumnsRequest &request,
                                      std::function<void(EventColumns)> page, Done<Ok> done)
{
    return post<Ok>(std::move(done), [=, this](const Ticket &ticket) -> Status {
        const std::uint64_t events = count();
        for (std::uint64_t place = request.first; place < events;) {
            if (ticket.cancelled())
                return Error{Error::Code::Cancelled, "cancelled"};
            EventColumns out;
            out.first = place;
            const bool byTenant = request.laneBy == Field::Tenant;
            for (unsigned lane = 0; lane < (byTenant ? Tenants.size() : m_options.lanes); ++lane)
                out.laneNames.push_back(byTenant ? Tenants[lane] : laneName(lane));
            for (; out.ts.size() < PageRowsMax && place < events; ++place) {
                out.ts.push_back(timeOf(place, m_options));
                out.severity.push_back(severityOf(place));
                out.lane.push_back(byTenant ? static_cast<std::uint16_t>((mixed(place) >> 8) % Tenants.size())
                                            : laneOf(place, m_options.lanes));
            }
            page(std::move(out));
        }
        return Ok{};
    });
}

Ticket SyntheticBackend::story(const Caller &, const std::string &eventId, Done<EventStory> done)
{
    return post<EventStory>(std::move(done), [=, this](const Ticket &) -> Result<EventStory> {
        EventStory out;
        const char *end = eventId.data() + eventId.size();
        const bool isId = eventId.starts_with('e')
                          && std::from_chars(eventId.data() + 1, end, out.place).ptr == end && out.place < count();
        if (!isId)
            return Error{Error::Code::NotFound, "no event " + eventId};
        appendTo(out.event, out.place);
        out.event.places.push_back(out.place);
        return out;
    });
}

Ticket SyntheticBackend::findings(const Caller &, const Query &, OnPage<Finding> page, Done<Ok> done)
{
    return post<Ok>(std::move(done), [=, this](const Ticket &) -> Status {
        std::unique_lock lock(m_mutex);
        auto rows = m_findings;
        lock.unlock();
        page(std::move(rows));
        return Ok{};
    });
}

Ticket SyntheticBackend::actions(const Caller &, const Query &, OnPage<Action> page, Done<Ok> done)
{
    return post<Ok>(std::move(done), [=, this](const Ticket &) -> Status {
        std::unique_lock lock(m_mutex);
        auto rows = m_actions;
        lock.unlock();
        page(std::move(rows));
        return Ok{};
    });
}

Ticket SyntheticBackend::subscribe(const Caller &, std::function<void(Change)> changed)
{
    const Ticket ticket;
    {
        const std::lock_guard lock(m_mutex);
        m_subscribers.push_back({ticket, std::move(changed)});
    }
    tell();
    return ticket;
}

Ticket SyntheticBackend::entities(const Caller &, const Query &, OnPage<Entity>, Done<Ok> done)
{
    return nothing<Ok>(std::move(done));
}

Ticket SyntheticBackend::links(const Caller &, const Query &, OnPage<Link>, Done<Ok> done)
{
    return nothing<Ok>(std::move(done));
}

Ticket SyntheticBackend::deadLetters(const Caller &, std::uint64_t, OnPage<DeadLetterRow>, Done<Ok> done)
{
    return nothing<Ok>(std::move(done));
}

Ticket SyntheticBackend::audit(const Caller &, std::uint64_t, OnPage<AuditRow>, Done<Ok> done)
{
    return nothing<Ok>(std::move(done));
}

Ticket SyntheticBackend::health(const Caller &, Done<Health> done) { return nothing<Health>(std::move(done)); }

Ticket SyntheticBackend::summary(const Caller &, bool, Done<WorkspaceSummary> done)
{
    return nothing<WorkspaceSummary>(std::move(done));
}

Ticket SyntheticBackend::verifyAudit(const Caller &, Done<std::uint64_t> done)
{
    return nothing<std::uint64_t>(std::move(done));
}

Ticket SyntheticBackend::replay(const Caller &, const ReplayRequest &, std::function<void(RunProgress)>,
                                Done<WorkspaceSummary> done)
{
    return nothing<WorkspaceSummary>(std::move(done));
}

Ticket SyntheticBackend::decide(const Caller &, const Decision &, bool, Done<DecisionOutcome> done)
{
    return nothing<DecisionOutcome>(std::move(done));
}

Ticket SyntheticBackend::redrive(const Caller &, std::int64_t, const std::string &, Done<Ok> done)
{
    return nothing<Ok>(std::move(done));
}

} // namespace eventops::test
