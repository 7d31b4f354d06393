// SPDX-License-Identifier: MIT
#include "core/session/sink_feed.h"

#include "core/base/encode.h"
#include "core/model/event_id.h"
#include "core/model/row_json.h"

#include <algorithm>
#include <map>
#include <random>

namespace eventops {
namespace {

constexpr std::uint64_t LookMax = 5'000;     ///< Events looked at between two writings of the mark.
constexpr std::size_t BytesMax = 8u << 20;   ///< Of the JSON in memory.
constexpr std::size_t LinksMax = 1'000;      ///< Links in one request.
constexpr std::chrono::seconds LinksTime{5}; ///< Between two looks for new links: each reads all of them.
constexpr std::string_view DefaultTenant = "default";

Error stopped()
{
    return Error{Error::Code::Cancelled, "stopped; the sink goes on from here next time"};
}

using SourceKeys = std::map<std::int64_t, std::string>;

std::string escaped(std::string_view text, std::string_view marks)
{
    std::string out;
    for (const char c : text)
        out += c == '%' || marks.find(c) != std::string_view::npos ? percentEncoded({&c, 1}) : std::string(1, c);
    return out;
}

/// Two events of a workspace never have the same one, as the ledger tells them apart: by tenant and idempotency key
/// where there is one, else by tenant and id. An id that we derived is like no other.
std::string keyOf(const SinkDocument &document, const Batch &batch, const Event &event, const SourceKeys &sources)
{
    const bool plain = document.tenant.empty() || document.tenant == DefaultTenant;
    std::string key;
    if (!plain || document.id.find('/') != std::string::npos)
        key = escaped(plain ? DefaultTenant : document.tenant, "/") + '/';
    key += document.id.find_first_of("#%") == std::string::npos ? document.id : escaped(document.id, "#");
    const std::string_view given =
        event[Field::IdempotencyKey] == NoStr ? std::string_view() : batch.text(event, Field::IdempotencyKey);
    if (given.empty() || given == document.id)
        return key;
    const RawRecord &record = batch.records[event.record];
    const auto source = sources.find(record.source);
    const bool derived = source != sources.end()
                         && document.id == derivedEventId(source->second, record.position, record.hash, event.emission);
    return derived ? key : key + '#' + std::string(given);
}

SinkDocument documentOf(const Batch &batch, const Event &event, const SourceKeys &sources)
{
    SinkDocument out;
    const auto text = [&](Field field) {
        return event[field] == NoStr ? std::string() : std::string(batch.text(event, field));
    };
    out.id = text(Field::EventId);
    out.tenant = text(Field::Tenant);
    out.key = keyOf(out, batch, event, sources);
    appendEventJson(out.json, batch, event);
    out.ts = event.tsEvent;
    out.type = text(Field::Type);
    out.entityType = text(Field::EntityType);
    out.entityId = text(Field::EntityId);
    out.severity = severityName(static_cast<std::uint8_t>(event.severity));
    out.message = text(Field::Message);
    out.metric = text(Field::Metric);
    out.tags = text(Field::Tags);
    out.entities = text(Field::Entities);
    out.links = text(Field::Links);
    return out;
}

/// With chance, so that what was away is not met by all its senders at once.
std::chrono::milliseconds backOff(const SinkPatience &patience, std::uint32_t attempts)
{
    constexpr std::uint32_t DoublingsMax = 20;
    const std::int64_t doubled = patience.delayMs << std::min(attempts - 1, DoublingsMax);
    const std::int64_t most = std::min(doubled, patience.delayMsMax);
    static thread_local std::mt19937 chance{std::random_device{}()};
    return std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(most / 2, most)(chance));
}

} // namespace

SinkFeed::SinkFeed(const Workspace &workspace, const Configured<SinkSpec> &sink, std::function<bool()> mustStop,
                   const SinkPatience &patience, const Clock *clock)
    : m_workspace(workspace),
      m_name(sinkName(sink)),
      m_mustStop(mustStop ? std::move(mustStop) : [] { return false; }),
      m_patience(patience),
      m_clock(clock != nullptr ? *clock : m_systemClock)
{
}

SinkFeed::~SinkFeed() = default;

Result<std::unique_ptr<SinkFeed>> SinkFeed::open(const Workspace &workspace, const Configured<SinkSpec> &sink,
                                                 std::function<bool()> mustStop, const SinkPatience &patience,
                                                 const Clock *clock)
{
    EVENTOPS_TRY(Workspace::existing(workspace.directory));
    std::unique_ptr<SinkFeed> feed(new SinkFeed(workspace, sink, std::move(mustStop), patience, clock));
    const std::string filter = EVENTOPS_TRY(sink.settings.at("filter").text());
    feed->m_filter = EVENTOPS_TRY(Filter::parse(filter));
    feed->m_batch = static_cast<std::size_t>(EVENTOPS_TRY(sink.settings.at("batch").integer()));
    feed->m_sink = EVENTOPS_TRY(sink.spec->make(sink.settings, {workspace.directory, feed->m_mustStop}));
    feed->m_ledger = EVENTOPS_TRY(Ledger::open(workspace.directory, LedgerMode::Read, {}));
    return feed;
}

/// As another process may have left it meanwhile.
Status SinkFeed::findMark()
{
    auto mark = SinkMark::read(SinkMark::file(m_workspace, m_name));
    if (!mark && mark.error().code == Error::Code::Corrupt)
        return mark.error();
    m_mark = mark ? std::move(mark).value() : SinkMark();
    const std::uint64_t events = EVENTOPS_TRY(m_ledger->eventCount());
    if (m_mark.place > events || // the ledger was begun anew
        m_mark.target != m_sink->target())
        m_mark = SinkMark();
    m_mark.target = m_sink->target();
    return Ok{};
}

Status SinkFeed::save()
{
    const std::string path = SinkMark::file(m_workspace, m_name);
    const Status written = m_mark.write(path);
    if (written)
        return written;
    return Error{written.error().code,
                 "nothing is written, because it cannot be kept how far the sink got: " + written.error().message,
                 {path, 0, 0},
                 "make room on this disk, or see that the folder may be written to; the sink then goes on"};
}

/// Always an error: what it does to the sink is kept.
Status SinkFeed::failed(const Error &error)
{
    if (error.code == Error::Code::Cancelled || m_mustStop()) {
        EVENTOPS_TRY(save());
        return stopped();
    }
    m_open = false;
    ++m_mark.attempts;
    m_mark.trouble = error.text();
    if (m_mark.since == NoTime)
        m_mark.since = WallNs{raw(m_clock.now()) / 1'000'000'000 * 1'000'000'000}; // for people
    const std::chrono::milliseconds asked(m_sink->retryAfterMs());
    m_wait = std::max(asked, backOff(m_patience, m_mark.attempts));
    EVENTOPS_TRY(save());
    return Error{Error::Code::Unavailable, error.message, error.where, error.remedy};
}

Status SinkFeed::openSink()
{
    if (m_open)
        return Ok{};
    if (const Status opened = m_sink->open(); !opened)
        return failed(opened.error());
    m_open = true;
    return Ok{};
}

Status SinkFeed::forget()
{
    const FileLock lock = EVENTOPS_TRY(FileLock::take(m_workspace, "sink-" + m_name));
    m_mark = SinkMark();
    m_mark.target = m_sink->target();
    return save();
}

Status SinkFeed::check()
{
    return m_sink->open();
}

Status SinkFeed::catchUp(bool last)
{
    const FileLock lock = EVENTOPS_TRY(FileLock::take(m_workspace, "sink-" + m_name));
    EVENTOPS_TRY(findMark());
    EVENTOPS_TRY(openSink());
    EVENTOPS_TRY(pushEvents());
    const auto now = std::chrono::steady_clock::now();
    if (m_sink->wantsLinks() && (last || now >= m_linksAgain)) {
        EVENTOPS_TRY(pushLinks());
        m_linksAgain = now + LinksTime;
    }
    m_mark.trouble.clear();
    m_mark.since = NoTime;
    m_mark.attempts = 0;
    return save();
}

/// The next events, as many as are kept in memory. Nothing of the ledger is held afterwards.
Result<SinkFeed::Gathered> SinkFeed::gather(std::uint64_t first, std::uint64_t count)
{
    Gathered out;
    SourceKeys sources;
    for (SourceRow &row : EVENTOPS_TRY(m_ledger->sources()))
        sources.emplace(row.id, std::move(row.progress.key));
    std::uint64_t seen = 0;
    std::size_t bytes = 0;
    out.upTo = first + count;
    const auto take = [&](const Batch &batch, std::span<const std::uint32_t> rows, std::uint64_t place) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (bytes >= BytesMax || m_mustStop()) {
                out.upTo = place + i;
                return false;
            }
            ++seen;
            const Event &event = batch.events[rows[i]];
            if (!m_filter.matches(batch, event))
                continue;
            out.documents.push_back(documentOf(batch, event, sources));
            out.places.push_back(place + i);
            bytes += out.documents.back().json.size();
        }
        return true;
    };
    EVENTOPS_TRY(m_ledger->eventsAt(first, count, AllFields, take));
    out.dropped = out.upTo - first - seen; // places that have no event any more
    return out;
}

Status SinkFeed::pushEvents()
{
    for (std::uint64_t events = EVENTOPS_TRY(m_ledger->eventCount()); m_mark.place < events;
         events = EVENTOPS_TRY(m_ledger->eventCount())) {
        const std::uint64_t first = m_mark.place;
        const Gathered gathered = EVENTOPS_TRY(gather(first, std::min(LookMax, events - first)));
        for (std::size_t begin = 0; begin < gathered.documents.size();) {
            const std::size_t end = std::min(begin + m_batch, gathered.documents.size());
            EVENTOPS_TRY(pushBatch(gathered, begin, end));
            begin = end;
        }
        m_mark.dropped += gathered.dropped;
        m_mark.place = gathered.upTo;
        EVENTOPS_TRY(save());
        if (m_mustStop())
            return stopped();
    }
    return Ok{};
}

/// The mark moves behind what the peer took or will never take.
Status SinkFeed::pushBatch(const Gathered &gathered, std::size_t begin, std::size_t end)
{
    Written written;
    if (const Status done = write(gathered, begin, end, written); !done)
        return failed(done.error());
    if (m_mark.letters.size() + written.letters.size() > SinkMark::LettersMax)
        return failed({Error::Code::Refused,
                       "the peer refuses one event after the other: " + written.letters.back().why,
                       {},
                       "mend what it complains of, then: eventops sinks retry " + m_name});
    m_mark.letters.insert(m_mark.letters.end(), written.letters.begin(), written.letters.end());
    m_mark.delivered += written.delivered;
    m_mark.place = gathered.places[end - 1] + 1;
    m_mark.trouble.clear();
    m_mark.since = NoTime;
    m_mark.attempts = 0;
    return end == gathered.documents.size() ? Status(Ok{}) : save(); // the last one's is written by the caller
}

/// A batch that is refused as a whole goes out in halves, until it is known which document it is.
Status SinkFeed::write(const Gathered &gathered, std::size_t begin, std::size_t end, Written &written)
{
    if (begin == end)
        return Ok{};
    if (m_mustStop())
        return stopped();
    const auto taken = m_sink->write(std::span(gathered.documents).subspan(begin, end - begin));
    const auto setAside = [&](std::size_t i, const std::string &why) {
        written.letters.push_back({gathered.places[i], gathered.documents[i].key, why});
    };
    if (taken) {
        for (const SinkRefusal &refusal : taken.value())
            setAside(begin + refusal.document, refusal.why);
        written.delivered += end - begin - taken.value().size();
        return Ok{};
    }
    if (taken.error().code != Error::Code::InvalidInput)
        return taken.error();
    if (end - begin == 1) {
        setAside(begin, taken.error().message);
        return Ok{};
    }
    const std::size_t middle = begin + (end - begin) / 2;
    EVENTOPS_TRY(write(gathered, begin, middle, written));
    return write(gathered, middle, end, written);
}

/// Links that the stages found since the last time. They only ever become more.
Status SinkFeed::pushLinks()
{
    const Seq last = EVENTOPS_TRY(m_ledger->lastSeq());
    if (last == m_mark.links)
        return Ok{};
    std::vector<Link> found;
    EVENTOPS_TRY(m_ledger->links(Filter(), {}, [&](const Link &link) {
        if (link.firstSeq > m_mark.links && link.firstSeq <= last)
            found.push_back(link);
        return !m_mustStop();
    }));
    const std::span<const Link> all(found);
    for (std::size_t begin = 0; begin < all.size(); begin += LinksMax) {
        const Status done = m_sink->writeLinks(all.subspan(begin, std::min(LinksMax, all.size() - begin)));
        if (!done)
            return failed(done.error());
    }
    if (m_mustStop())
        return stopped();
    m_mark.links = last;
    return Ok{};
}

Result<std::uint64_t> SinkFeed::retry()
{
    const FileLock lock = EVENTOPS_TRY(FileLock::take(m_workspace, "sink-" + m_name));
    EVENTOPS_TRY(findMark());
    EVENTOPS_TRY(openSink());
    std::uint64_t taken = 0;
    std::vector<SinkLetter> waiting = std::exchange(m_mark.letters, {}), left;
    Status outcome = Ok{};
    for (SinkLetter &letter : waiting) {
        if (!outcome) { // not offered any more
            left.push_back(std::move(letter));
            continue;
        }
        const Gathered gathered = EVENTOPS_TRY(gather(letter.place, 1));
        Written written;
        outcome = write(gathered, 0, gathered.documents.size(), written);
        taken += written.delivered;
        if (!outcome)
            left.push_back(std::move(letter));
        left.insert(left.end(), written.letters.begin(), written.letters.end());
    }
    m_mark.letters = std::move(left);
    m_mark.delivered += taken;
    if (!outcome)
        return failed(outcome.error()).error();
    EVENTOPS_TRY(save());
    return taken;
}

} // namespace eventops
