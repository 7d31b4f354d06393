// SPDX-License-Identifier: MIT
#include "core/session/exporter.h"

#include "core/base/time.h"
#include "core/codec/packed_sink.h"
#include "core/model/row_csv.h"
#include "core/model/row_json.h"
#include "core/session/output_file.h"
#include "core/session/record_forms.h"

#include <algorithm>
#include <map>

namespace eventops {
namespace {

Result<Filter> filterOf(const ExportRequest &request)
{
    EVENTOPS_TRY(Filter::parse(request.filter)); // alone, so that columns in the message are the caller's
    std::string text = request.filter;
    const auto bound = [&](const char *comparison, WallNs time) {
        if (time == NoTime)
            return;
        text = (text.empty() ? std::string() : '(' + text + ") and ") + "ts " + comparison + " \""
               + formatTimestamp(time) + '"';
    };
    bound(">=", request.from);
    bound("<", request.to);
    return Filter::parse(text);
}

/// A dead letter as it waits for its turn between the events.
struct Letter {
    Seq seq;
    std::int64_t id;
    std::uint64_t position, size;
    std::int64_t source;
};

/// One export under way: events and dead letters in input order into a form.
class Export
{
public:
    Export(const ExportJob &job, ByteSink sink) : m_job(job), m_sink(std::move(sink)) {}

    Result<ExportProgress> run(const std::function<std::uint64_t()> &fileBytes);

private:
    bool raw() const { return m_job.request.form < ExportForm::Csv; }
    Status begin();
    Status readLetters();
    Status takeBlock(const Batch &batch, std::span<const std::uint32_t> rows);
    Status takeEvent(const Batch &batch, const Event &event);
    Status takeRecord(const Batch &batch, const Event &event, const RawRecord &record);
    Status takeLettersBefore(Seq seq);
    Status writeLetter(const Letter &letter);

    const ExportJob &m_job;
    ByteSink m_sink;
    bool m_whole = false;               ///< Everything is exported.
    std::unique_ptr<RecordForm> m_form; ///< Of raw records.
    std::map<std::int64_t, SourceRow> m_sources;
    std::vector<Letter> m_letters;
    std::size_t m_nextLetter = 0;
    Seq m_lastSeq = 0;
    std::string m_line;
    ExportProgress m_progress;
};

Status Export::begin()
{
    const ExportRequest &request = m_job.request;
    m_whole = request.filter.empty() && request.from == NoTime && request.to == NoTime && m_job.caller.tenants.empty();
    m_progress.eventsTotal = EVENTOPS_TRY(m_job.ledger.eventCount());
    const DroppedHistory gone = EVENTOPS_TRY(m_job.ledger.droppedHistory());
    m_progress.dropped = raw() ? gone.records : gone.events;
    for (SourceRow &row : EVENTOPS_TRY(m_job.ledger.sources())) {
        const std::int64_t id = row.id;
        m_sources.emplace(id, std::move(row));
    }
    if (!raw()) {
        m_line.clear();
        if (request.form == ExportForm::Csv)
            appendCsvHeader(m_line);
        return m_sink(m_line);
    }
    if (!m_job.caller.tenants.empty())
        return Error{Error::Code::Refused,
                     "a raw record may hold events of tenants that you may not see",
                     {},
                     "export events instead: csv or events"};
    m_form = EVENTOPS_TRY(makeRecordForm(request.form, m_sink));
    return m_whole ? readLetters() : Status(Ok{});
}

Status Export::readLetters()
{
    std::map<std::string, std::int64_t> ids;
    for (const auto &[id, row] : m_sources)
        ids.emplace(row.progress.key, id);
    EVENTOPS_TRY(m_job.letters.deadLetters({.rowsMax = ExportLettersMax + 1}, 0, [&](const DeadLetterRow &row) {
        if (row.seq > 0) // else it is still being read
            m_letters.push_back({row.seq, row.id, row.position, row.size, ids[row.sourceKey]});
        return !m_job.cancelled.load();
    }));
    if (m_letters.size() > ExportLettersMax)
        return Error{Error::Code::LimitExceeded,
                     "the workspace has more than 1000000 dead letters",
                     {},
                     "export events alone, by a filter"};
    std::sort(m_letters.begin(), m_letters.end(), [](const Letter &a, const Letter &b) { return a.seq < b.seq; });
    return Ok{};
}

Result<ExportProgress> Export::run(const std::function<std::uint64_t()> &fileBytes)
{
    EVENTOPS_TRY(begin());
    const Filter filter = EVENTOPS_TRY(filterOf(m_job.request));
    Status status = Ok{};
    EVENTOPS_TRY(m_job.ledger.events(filter, {}, [&](const Batch &batch, std::span<const std::uint32_t> rows) {
        status = m_job.cancelled.load() ? Status(Error{Error::Code::Cancelled, "the export was cancelled"})
                                        : takeBlock(batch, rows);
        m_progress.bytes = fileBytes();
        if (status && m_job.progress)
            m_job.progress(m_progress);
        return static_cast<bool>(status);
    }));
    EVENTOPS_TRY(std::move(status));
    EVENTOPS_TRY(takeLettersBefore(UINT64_MAX));
    if (m_form != nullptr)
        EVENTOPS_TRY(m_form->finish());
    return m_progress;
}

Status Export::takeBlock(const Batch &batch, std::span<const std::uint32_t> rows)
{
    for (const std::uint32_t row : rows) {
        const Event &event = batch.events[row];
        ++m_progress.eventsSeen;
        if (!m_job.caller.maySee(batch.text(event, Field::Tenant)))
            continue;
        if (!raw()) {
            EVENTOPS_TRY(takeEvent(batch, event));
            continue;
        }
        const RawRecord &record = batch.records[event.record];
        if (record.seq == m_lastSeq)
            continue; // another event of the record just written
        m_lastSeq = record.seq;
        EVENTOPS_TRY(takeLettersBefore(record.seq));
        EVENTOPS_TRY(takeRecord(batch, event, record));
    }
    return Ok{};
}

Status Export::takeEvent(const Batch &batch, const Event &event)
{
    m_line.clear();
    if (m_job.request.form == ExportForm::Csv) {
        appendEventCsv(m_line, batch, event);
    } else {
        appendEventJson(m_line, batch, event);
        m_line += '\n';
    }
    ++m_progress.records;
    return m_sink(m_line);
}

Status Export::takeRecord(const Batch &batch, const Event &event, const RawRecord &record)
{
    CaptureRecord out;
    out.seq = record.seq;
    out.position = record.position;
    out.ts = event.tsEvent;
    out.redacted = record.redacted != NoStr;
    out.hash = out.redacted ? record.hash : 0;
    out.codec = batch.text(event, Field::Codec);
    out.contentType = batch.text(event, Field::ContentType);
    out.headers = batch.text(event, Field::Headers);
    out.bytes = out.redacted ? batch.text(record.redacted) : batch.raw(record);
    if (batch.rawDropped) {
        ++m_progress.dropped;
        return Ok{};
    }
    if (out.bytes.empty() && !out.redacted)
        return Error{Error::Code::Refused,
                     "this workspace keeps no raw records, so " + std::string(toString(m_job.request.form))
                         + " cannot be made of it",
                     {},
                     "export events instead (csv or events), or read the captures again with keep_raw: true"};
    const auto source = m_sources.find(record.source);
    if (source == m_sources.end())
        return Error{Error::Code::Corrupt, "record " + std::to_string(record.seq) + " names an unknown source"};
    m_progress.reshaped += EVENTOPS_TRY(m_form->add(source->second, m_whole, out)) ? 1 : 0;
    ++m_progress.records;
    return Ok{};
}

Status Export::takeLettersBefore(Seq seq)
{
    while (m_nextLetter < m_letters.size() && m_letters[m_nextLetter].seq < seq) {
        if (m_job.cancelled.load())
            return Error{Error::Code::Cancelled, "the export was cancelled"};
        EVENTOPS_TRY(writeLetter(m_letters[m_nextLetter++]));
    }
    return Ok{};
}

/// In pieces where it is long: a letter may be longer than memory.
Status Export::writeLetter(const Letter &letter)
{
    CaptureRecord out;
    out.seq = letter.seq;
    out.position = letter.position;
    out.deadLetter = true;
    const bool inPieces = m_job.request.form == ExportForm::Capture && letter.size > CapturePieceBytes;
    out.totalBytes = inPieces ? letter.size : 0;
    const SourceRow &source = m_sources[letter.source];
    std::string bytes;
    Status status = Ok{};
    EVENTOPS_TRY(m_job.letters.deadLetterBytes(letter.id, [&](std::string_view piece) {
        bytes += piece;
        while (status && inPieces && bytes.size() >= CapturePieceBytes) {
            out.bytes = std::string_view(bytes).substr(0, CapturePieceBytes);
            const auto added = m_form->add(source, m_whole, out);
            status = added ? Status(Ok{}) : Status(added.error());
            out.pieceAt += CapturePieceBytes;
            bytes.erase(0, CapturePieceBytes);
        }
        if (bytes.size() > ExportLetterBytesMax)
            status = Error{Error::Code::LimitExceeded,
                           "dead letter " + std::to_string(letter.id) + " is longer than a line may be",
                           {},
                           "export the form evcap, which holds records of any length"};
        return static_cast<bool>(status);
    }));
    EVENTOPS_TRY(std::move(status));
    out.bytes = bytes;
    if (!inPieces || !bytes.empty())
        m_progress.reshaped += EVENTOPS_TRY(m_form->add(source, m_whole, out)) ? 1 : 0;
    ++m_progress.records;
    ++m_progress.deadLetters;
    return Ok{};
}

} // namespace

Result<ExportProgress> exportRecords(const ExportJob &job)
{
    const ExportRequest &request = job.request;
    if (request.path.empty())
        return Error{Error::Code::InvalidArgument, "no file is named to export into"};
    if (request.compress && request.form == ExportForm::Capture)
        return Error{Error::Code::InvalidArgument,
                     "an evcap is packed by itself",
                     {request.path, 0, 0},
                     "leave the compression out"};
    const auto file = EVENTOPS_TRY(OutputFile::make(request.path, request.overwrite));
    const ByteSink plain = [&](std::string_view bytes) {
        return file->write(bytes);
    };
    const auto packed = request.compress ? std::make_unique<PackedSink>(plain) : nullptr;
    const ByteSink sink = packed == nullptr ? plain : [&](std::string_view bytes) {
        return packed->write(bytes);
    };
    ExportProgress done = EVENTOPS_TRY(Export(job, sink).run([&] { return file->bytes(); }));
    if (packed != nullptr)
        EVENTOPS_TRY(packed->finish());
    if (job.cancelled.load())
        return Error{Error::Code::Cancelled, "the export was cancelled"};
    EVENTOPS_TRY(file->commit());
    done.bytes = file->bytes();
    return done;
}

} // namespace eventops
