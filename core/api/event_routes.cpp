// SPDX-License-Identifier: MIT
//
// Events by place: a cursor names where to go on, so pages cost the same wherever they lie, and none is told twice.
#include "core/api/api_routes.h"

#include "core/api/problem.h"
#include "core/base/json.h"
#include "core/filter/filter.h"
#include "core/model/row_json.h"

#include <algorithm>

namespace eventops::api {
namespace {

constexpr char PlaceCursor = 'p';             ///< And the place to go on at.
constexpr std::uint64_t PlacesMax = 65'536;   ///< Looked at for one answer, matching or not.
const Caller Server{"api", Role::Viewer, {}}; ///< For the number of events, which callers of some tenants may not see.

/// One page of events, read in stretches.
class EventScan : public std::enable_shared_from_this<EventScan>
{
public:
    EventScan(std::shared_ptr<Backend> backend, const ApiCall &call, Filter filter, bool oldestFirst)
        : m_backend(std::move(backend)),
          m_exchange(call.exchange),
          m_caller(call.caller),
          m_filter(std::move(filter)),
          m_limit(call.count("limit")),
          m_oldestFirst(oldestFirst)
    {
    }

    /// @p cursor: the place where the page begins, or, newest first, before which it ends.
    void start(std::optional<std::uint64_t> cursor)
    {
        m_backend->summary(Server, false, [self = shared_from_this(), cursor](const Result<WorkspaceSummary> &summary) {
            if (!summary && summary.error().code != Error::Code::NotFound)
                return self->m_exchange->respond(problem(summary.error()));
            self->m_end = summary ? summary.value().counters.events : 0;
            self->m_at = self->m_oldestFirst ? cursor.value_or(0) : std::min(cursor.value_or(UINT64_MAX), self->m_end);
            self->readOn();
        });
    }

private:
    bool isOver() const
    {
        const bool noMore = m_oldestFirst ? m_at >= m_end : m_at == 0;
        return noMore || m_given == m_limit || m_looked >= PlacesMax || m_body.size() > ListBytesMax;
    }

    void readOn()
    {
        if (isOver())
            return finish();
        const std::uint64_t wanted = m_filter.matchesAll() ? m_limit - m_given : PageRowsMax;
        const std::uint64_t left = m_oldestFirst ? m_end - m_at : m_at;
        const std::uint64_t count = std::min({wanted, std::uint64_t{PageRowsMax}, left});
        const std::uint64_t first = m_oldestFirst ? m_at : m_at - count;
        const EventRange range{first, static_cast<std::uint32_t>(count)};
        m_backend->eventRange(m_caller, range, [self = shared_from_this(), range](const Result<EventPage> &page) {
            if (!page)
                return self->m_exchange->respond(problem(page.error()));
            self->take(page.value(), range);
            if (!self->m_exchange->gone())
                self->readOn();
        });
    }

    void take(const EventPage &page, const EventRange &range)
    {
        m_looked += range.count;
        for (std::size_t i = 0; i < page.rows.size(); ++i) {
            const std::size_t row = m_oldestFirst ? i : page.rows.size() - 1 - i;
            const Event &event = page.batch.events[page.rows[row]];
            if (!m_filter.matches(page.batch, event))
                continue;
            if (m_given == m_limit || m_body.size() > ListBytesMax)
                return; // m_at is where the last one told of was
            m_body += m_given++ == 0 ? "" : ",\n";
            appendEventJson(m_body, page.batch, event);
            m_at = m_oldestFirst ? page.places[row] + 1 : page.places[row];
        }
        m_at = m_oldestFirst ? range.first + range.count : range.first;
    }

    void finish()
    {
        const bool more = m_oldestFirst ? m_at < m_end : m_at > 0;
        m_body += more ? "\n],\"more\":true" : "\n],\"more\":false";
        if (more || m_oldestFirst) // behind the newest there will be others
            m_body += std::string(",\"next\":\"") + PlaceCursor + std::to_string(m_at) + '"';
        m_body += "}\n";
        respondJson(*m_exchange, std::move(m_body));
    }

    const std::shared_ptr<Backend> m_backend;
    const std::shared_ptr<HttpExchange> m_exchange;
    const Caller m_caller;
    const Filter m_filter;
    const std::uint64_t m_limit;
    const bool m_oldestFirst;
    std::uint64_t m_end = 0; ///< Places that exist.
    std::uint64_t m_at = 0;  ///< Where to go on.
    std::uint64_t m_given = 0;
    std::uint64_t m_looked = 0;
    std::string m_body = "{\"events\":[\n";
};

void answerEvents(const std::shared_ptr<Backend> &backend, const ApiCall &call)
{
    auto filter = Filter::parse(call.text("filter"));
    if (!filter)
        return call.exchange->respond(problem(filter.error(), "filter"));
    const auto cursor = readCursor(call, PlaceCursor, UINT64_MAX);
    if (!cursor)
        return call.exchange->respond(problem(cursor.error(), "cursor"));
    const bool given = cursor.value() != UINT64_MAX;
    const auto scan =
        std::make_shared<EventScan>(backend, call, std::move(filter).value(), call.text("order") == "oldest");
    scan->start(given ? std::optional<std::uint64_t>(cursor.value()) : std::nullopt);
}

} // namespace

void addEventRoutes(Router &router, const RouteTools &tools)
{
    router.add(
        {"GET",
         "/api/v1/events",
         RouteAccess::Token,
         "Events as stored. An answer looks at 65,536 of them at most: `more` says that there are others, `next` "
         "is the cursor that goes on there. Oldest first, `next` also waits for what comes.",
         "application/json",
         {filterParameter(), limitParameter(), cursorParameter(), orderParameter()},
         {},
         [backend = tools.backend](const ApiCall &call) {
             answerEvents(backend, call);
         }});
}

} // namespace eventops::api
