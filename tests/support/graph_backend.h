// SPDX-License-Identifier: MIT
#pragma once

#include "core/filter/filter.h"
#include "core/filter/rows.h"
#include "core/session/backend.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace eventops::test {

/// What a GraphBackend holds.
struct GraphRows {
    std::vector<Entity> entities;
    std::vector<Link> links;
    std::vector<Finding> findings;
    struct Sample {
        std::string host, metric;
        WallNs at = NoTime;
        double value = 0.0;
    };
    std::vector<Sample> samples; ///< Events: a host's metrics.

    /// order-1 ← job-1 → host-1, order-1 ← job-2; @p file alone.
    static GraphRows jobsOfAnOrder(std::string file)
    {
        GraphRows rows;
        rows.entity("order", "order-1", 5);
        rows.entity("job", "job-1");
        rows.entity("job", "job-2");
        rows.entity("host", "host-1", 9);
        rows.entity("file", std::move(file));
        rows.link(1, 0, "part_of");
        rows.link(2, 0, "part_of");
        rows.link(1, 3, "depends_on");
        return rows;
    }
    /// @p count samples of host-a, a second apart, and as many of another metric or host, each of @p value.
    static GraphRows cpuLoad(int count, const char *otherHost, const char *otherMetric, double value, Severity severity)
    {
        constexpr WallNs Start{1'761'040'800'000'000'000};
        GraphRows rows;
        rows.entity("host", "host-a");
        for (int i = 0; i < count; ++i) {
            rows.samples.push_back({"host-a", "cpu_load", Start + i * NsPerSecond, 20.0 + i % 10});
            rows.samples.push_back({otherHost, otherMetric, Start + i * NsPerSecond, value});
        }
        rows.finding(0, severity);
        rows.findings.back().bits = 12.5;
        return rows;
    }

    void entity(std::string type, std::string id, std::uint64_t count = 1)
    {
        entities.push_back({.tenant = "acme",
                            .type = std::move(type),
                            .id = std::move(id),
                            .firstSeen = WallNs{1'761'040'800'000'000'000},
                            .lastSeen = WallNs{1'761'040'800'000'000'000},
                            .firstSeq = entities.size() + 1,
                            .events = count,
                            .lastStep = "created"});
    }
    void link(std::size_t source, std::size_t target, std::string type)
    {
        const Entity &s = entities[source], &t = entities[target];
        links.push_back({.tenant = "acme",
                         .sourceType = s.type,
                         .sourceId = s.id,
                         .targetType = t.type,
                         .targetId = t.id,
                         .type = std::move(type)});
    }
    void finding(std::size_t entity, Severity severity, FindingState state = FindingState::Firing)
    {
        Finding finding;
        finding.id = std::to_string(findings.size());
        finding.tenant = entities[entity].tenant;
        finding.entityType = entities[entity].type;
        finding.entityId = entities[entity].id;
        finding.name = "rule";
        finding.severity = severity;
        finding.state = state;
        finding.ts = WallNs{1'761'040'800'000'000'000};
        findings.push_back(std::move(finding));
    }
    /// The samples that @p filter lets through, as events.
    EventPage eventsThat(const Filter &filter) const
    {
        EventPage page;
        for (const Sample &sample : samples) {
            Event event;
            event.tsEvent = sample.at;
            event.value = sample.value;
            event.hasValue = true;
            event[Field::Tenant] = page.batch.strings.intern("acme");
            event[Field::EntityType] = page.batch.strings.intern("host");
            event[Field::EntityId] = page.batch.strings.intern(sample.host);
            event[Field::Metric] = page.batch.strings.intern(sample.metric);
            event[Field::Unit] = page.batch.strings.intern("percent");
            if (!filter.matches(page.batch, event))
                continue;
            page.rows.push_back(static_cast<std::uint32_t>(page.batch.events.size()));
            page.batch.events.push_back(event);
        }
        return page;
    }

    /// @p nodes entities of a few types; @p links more or less local links, so that the graph has clusters and hubs.
    static GraphRows large(std::size_t nodes, std::size_t links)
    {
        constexpr const char *Types[] = {"order", "job", "host", "service", "file"};
        constexpr const char *LinkTypes[] = {"part_of", "causes", "depends_on", "derived_from"};
        GraphRows rows;
        std::uint64_t state = 88'172'645'463'325'252U;
        const auto next = [&state](std::size_t below) {
            state ^= state << 13U;
            state ^= state >> 7U;
            state ^= state << 17U;
            return static_cast<std::size_t>(state % below);
        };
        for (std::size_t i = 0; i < nodes; ++i) {
            const std::size_t type = next(10) < 6 ? 0 : next(5);
            rows.entity(Types[type], std::string(Types[type]) + "-" + std::to_string(10'000 + i), 1 + next(500));
        }
        for (std::size_t i = 1; i < nodes && rows.links.size() < links; ++i) {
            if (i % 997 != 0) // now and then a component of its own
                rows.link(i, i - 1 - next(std::min<std::size_t>(i, 60)) % (i % 997),
                          LinkTypes[next(10) < 7 ? 0 : next(4)]);
        }
        while (rows.links.size() < links) {
            const std::size_t i = next(nodes), near = i - i % 997 + next(997);
            if (near < nodes && near != i)
                rows.link(i, (near + 3 * i) / 4, LinkTypes[next(4)]);
        }
        constexpr Severity Severities[] = {Severity::Notice, Severity::Warning, Severity::Error, Severity::Critical};
        for (std::size_t i = 0; i < nodes / 100; ++i)
            rows.finding(next(nodes), Severities[next(10) < 7 ? 1 : next(4)]);
        return rows;
    }
};

/// A back end of a few given rows, answering on its own thread. What is not about entities, links, findings or events
/// ends with Unavailable. Thread: any.
class GraphBackend final : public Backend
{
public:
    explicit GraphBackend(GraphRows rows) : m_rows(std::move(rows)), m_thread([this] { run(); }) {}
    ~GraphBackend() override
    {
        {
            const std::lock_guard lock(m_mutex);
            m_stop = true;
        }
        m_wake.notify_all();
        m_thread.join();
    }

    /// Changes the rows and tells subscribers.
    template <typename Edit>
    void change(Edit edit)
    {
        const std::lock_guard lock(m_mutex);
        edit(m_rows);
        ++m_revision;
        m_jobs.emplace_back([this] { tell(); });
        m_wake.notify_all();
    }
    void failWith(std::optional<Error> error)
    {
        const std::lock_guard lock(m_mutex);
        m_error = std::move(error);
    }
    /// Held: calls wait.
    void hold(bool held)
    {
        const std::lock_guard lock(m_mutex);
        m_held = held;
        m_wake.notify_all();
    }
    int entityQueries() const
    {
        const std::lock_guard lock(m_mutex);
        return m_entityQueries;
    }
    std::string lastEventFilter() const
    {
        const std::lock_guard lock(m_mutex);
        return m_lastEventFilter;
    }

    Ticket events(const Caller &, const Query &query, std::function<void(EventPage)> page, Done<Ok> done) override
    {
        return post([this, query, page](const GraphRows &rows) {
            {
                const std::lock_guard lock(m_mutex);
                m_lastEventFilter = query.filter;
            }
            auto filter = Filter::parse(query.filter);
            if (filter)
                page(rows.eventsThat(filter.value()));
        }, std::move(done));
    }
    Ticket findings(const Caller &, const Query &query, OnPage<Finding> page, Done<Ok> done) override
    {
        return post([page, query](const GraphRows &rows) {
            const auto filter = Filter::parse(query.filter);
            std::vector<Finding> found;
            for (const Finding &finding : rows.findings) {
                if (filter && filter.value().matches(FindingRow(finding)))
                    found.push_back(finding);
            }
            page(std::move(found));
        }, std::move(done));
    }
    Ticket entities(const Caller &, const Query &, OnPage<Entity> page, Done<Ok> done) override
    {
        {
            const std::lock_guard lock(m_mutex);
            ++m_entityQueries;
        }
        return post([page](const GraphRows &rows) { page(rows.entities); }, std::move(done));
    }
    Ticket links(const Caller &, const Query &, OnPage<Link> page, Done<Ok> done) override
    {
        return post([page](const GraphRows &rows) { page(rows.links); }, std::move(done));
    }
    Ticket subscribe(const Caller &, std::function<void(Change)> changed) override
    {
        const std::lock_guard lock(m_mutex);
        m_subscribers.emplace_back(Ticket(), std::move(changed));
        m_jobs.emplace_back([this] { tell(); });
        m_wake.notify_all();
        return m_subscribers.back().first;
    }

    Ticket actions(const Caller &, const Query &, OnPage<Action>, Done<Ok> done) override
    {
        return post([](const GraphRows &) {}, std::move(done));
    }
    Ticket deadLetters(const Caller &, std::uint64_t, OnPage<DeadLetterRow>, Done<Ok> done) override
    {
        return post([](const GraphRows &) {}, std::move(done));
    }
    Ticket audit(const Caller &, std::uint64_t, OnPage<AuditRow>, Done<Ok> done) override
    {
        return post([](const GraphRows &) {}, std::move(done));
    }
    Ticket eventRange(const Caller &, const EventRange &, Done<EventPage> done) override { return refuse(done); }
    Ticket eventColumns(const Caller &, const EventColumnsRequest &, std::function<void(EventColumns)>,
                        Done<Ok> done) override
    {
        return refuse(done);
    }
    Ticket story(const Caller &, const std::string &, Done<EventStory> done) override { return refuse(done); }
    Ticket health(const Caller &, Done<Health> done) override { return refuse(done); }
    Ticket summary(const Caller &, bool, Done<WorkspaceSummary> done) override { return refuse(done); }
    Ticket verifyAudit(const Caller &, Done<std::uint64_t> done) override { return refuse(done); }
    Ticket replay(const Caller &, const ReplayRequest &, std::function<void(RunProgress)>,
                  Done<WorkspaceSummary> done) override
    {
        return refuse(done);
    }
    Ticket decide(const Caller &, const Decision &, bool, Done<DecisionOutcome> done) override { return refuse(done); }
    Ticket redrive(const Caller &, std::int64_t, const std::string &, Done<Ok> done) override { return refuse(done); }

private:
    Ticket post(std::function<void(const GraphRows &)> give, Done<Ok> done)
    {
        Ticket ticket;
        enqueue([this, ticket, give = std::move(give), done = std::move(done)] {
            GraphRows rows;
            std::optional<Error> error;
            {
                const std::lock_guard lock(m_mutex);
                rows = m_rows;
                error = m_stop || ticket.cancelled() ? Error{Error::Code::Cancelled, "cancelled"} : m_error;
            }
            if (!error)
                give(rows);
            done(error ? Status(*error) : Status(Ok{}));
        });
        return ticket;
    }
    template <typename T>
    Ticket refuse(Done<T> done)
    {
        enqueue([done = std::move(done)] { done(Error{Error::Code::Unavailable, "not here"}); });
        return {};
    }
    void enqueue(std::function<void()> job)
    {
        const std::lock_guard lock(m_mutex);
        m_jobs.push_back(std::move(job));
        m_wake.notify_all();
    }
    void tell()
    {
        Change change;
        std::vector<std::pair<Ticket, std::function<void(Change)>>> subscribers;
        {
            const std::lock_guard lock(m_mutex);
            change.revision = m_revision;
            change.events = m_rows.samples.size();
            change.findings = m_rows.findings.size();
            subscribers = m_subscribers;
        }
        for (const auto &[ticket, changed] : subscribers) {
            if (!ticket.cancelled())
                changed(change);
        }
    }
    void run()
    {
        for (;;) {
            std::function<void()> job;
            {
                std::unique_lock lock(m_mutex);
                m_wake.wait(lock, [this] { return m_stop || (!m_held && !m_jobs.empty()); });
                if (m_jobs.empty())
                    return;
                job = std::move(m_jobs.front());
                m_jobs.pop_front();
            }
            job();
        }
    }

    mutable std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<std::function<void()>> m_jobs;
    std::vector<std::pair<Ticket, std::function<void(Change)>>> m_subscribers;
    GraphRows m_rows;
    std::optional<Error> m_error;
    std::string m_lastEventFilter;
    std::uint64_t m_revision = 1;
    int m_entityQueries = 0;
    bool m_held = false, m_stop = false;
    std::thread m_thread;
};

} // namespace eventops::test
