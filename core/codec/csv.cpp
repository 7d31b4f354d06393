// SPDX-License-Identifier: MIT
#include "core/codec/csv.h"

#include "core/base/time.h"
#include "core/codec/envelopes.h"
#include "core/model/row_csv.h"

#include <charconv>

// csv: the events of an export as rows under a header; see core/model/row_csv.h for what keeps it lossless.
namespace eventops {
namespace {

constexpr std::string_view Name = "csv";
constexpr std::string_view ByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t FirstColumns = std::size(CsvFirstColumns);
constexpr unsigned SeverityMax = 24;

const std::string &header()
{
    static const std::string line = [] {
        std::string out;
        appendCsvHeader(out);
        out.pop_back();
        return out;
    }();
    return line;
}

std::string_view withoutMark(std::string_view text)
{
    return text.substr(text.starts_with(ByteOrderMark) ? ByteOrderMark.size() : 0);
}

bool isJsonField(Field field)
{
    return field == Field::Tags || field == Field::Attrs || field == Field::Entities || field == Field::Links
           || field == Field::Headers;
}

class Decoder final : public CodecDecoder
{
public:
    DecodeFailure decode(Batch &batch, std::uint32_t record) override
    {
        const std::string_view raw = withoutMark(batch.raw(batch.records[record]));
        if (raw == header())
            return {}; // carries no event
        if (!isValidUtf8(raw))
            return lose(loss::InvalidUtf8, "not UTF-8 at byte " + std::to_string(validUtf8Prefix(raw)));
        if (!readCsvRecord(raw, m_cells))
            return lose(loss::BadField, "csv: a quote stands where none may be; quote the whole cell");
        if (m_cells.size() != FirstColumns + FieldCount)
            return lose(loss::BadField, "csv: the row has " + std::to_string(m_cells.size()) + " cells, expected "
                                            + std::to_string(FirstColumns + FieldCount) + " as in the header");
        if (const DecodeFailure failure = check())
            return failure;
        Event &event = appendEvent(batch, record, Name);
        if (!m_cells[0].text.empty())
            event.tsEvent = *parseTimestamp(m_cells[0].text);
        event.severity = static_cast<Severity>(m_severity);
        if (!m_cells[2].text.empty() && !setValue(batch, event, csvOriginal(m_cells[2].text), m_scratch)) {
            batch.events.pop_back();
            return loseField(loss::BadValue, "value", m_cells[2].text, "a finite number");
        }
        for (std::size_t i = 0; i < FieldCount; ++i) {
            const CsvCell &cell = m_cells[FirstColumns + i];
            if (!cell.text.empty() || cell.quoted)
                event.text[i] = batch.strings.intern(csvOriginal(cell.text));
        }
        return {};
    }

private:
    /// What can be told before an event is appended.
    DecodeFailure check()
    {
        if (!m_cells[0].text.empty() && !parseTimestamp(m_cells[0].text))
            return loseField(loss::BadTimestamp, "ts_event", m_cells[0].text, "RFC 3339");
        const std::string &severity = m_cells[1].text;
        const auto [end, failed] = std::from_chars(severity.data(), severity.data() + severity.size(), m_severity);
        if (failed != std::errc() || end != severity.data() + severity.size() || m_severity > SeverityMax)
            return loseField(loss::BadField, "severity", severity, "a number from 0 to 24");
        const std::string_view value = csvOriginal(m_cells[2].text);
        if (!value.empty() && !isJsonNumberText(value))
            return loseField(loss::BadValue, "value", value, "a number");
        for (std::size_t i = 0; i < FieldCount; ++i) {
            const CsvCell &cell = m_cells[FirstColumns + i];
            const auto field = static_cast<Field>(i);
            if (isJsonField(field) && !cell.text.empty() && m_json.read(csvOriginal(cell.text)))
                return loseField(loss::BadField, toString(field), cell.text, "JSON");
        }
        return {};
    }

    std::vector<CsvCell> m_cells;
    JsonReader m_json;
    std::string m_scratch;
    unsigned m_severity = 0;
};

class CsvCodec final : public Codec
{
public:
    std::string_view name() const override { return Name; }
    std::string_view summary() const override { return "Rows of an export in CSV, under its header."; }
    std::unique_ptr<CodecDecoder> makeDecoder() const override { return std::make_unique<Decoder>(); }
    Result<std::string> write(const Batch &batch, const Event &event, LossReport &) const override
    {
        std::string out;
        appendEventCsv(out, batch, event);
        out.pop_back();
        return out;
    }
};

} // namespace

bool looksLikeCsv(std::string_view head)
{
    head = withoutMark(head);
    if (!head.starts_with(header()))
        return false;
    head.remove_prefix(header().size());
    return head.empty() || head.front() == '\n' || head.starts_with("\r\n");
}

bool readCsvRecord(std::string_view record, std::vector<CsvCell> &cells)
{
    std::size_t count = 0;
    for (std::size_t at = 0;;) {
        if (count == cells.size())
            cells.emplace_back();
        CsvCell &cell = cells[count++];
        cell.text.clear();
        cell.quoted = at < record.size() && record[at] == '"';
        if (cell.quoted) {
            for (++at;; ++at) {
                const std::size_t quote = record.find('"', at);
                if (quote == std::string_view::npos)
                    return false;
                cell.text += record.substr(at, quote - at);
                at = quote + 1;
                if (at == record.size() || record[at] != '"')
                    break;
                cell.text += '"';
            }
            if (at < record.size() && record[at] != ',')
                return false;
        } else {
            const std::size_t end = std::min(record.find(',', at), record.size());
            cell.text = record.substr(at, end - at);
            at = end;
        }
        if (at == record.size())
            break;
        ++at;
    }
    cells.resize(count);
    return true;
}

std::optional<std::size_t> CsvLineEnd::find(std::string_view text, std::size_t from)
{
    for (std::size_t at = from; at < text.size(); ++at) {
        if (text[at] == '"')
            m_quoted = !m_quoted; // a doubled quote closes and opens
        else if (text[at] == '\n' && !m_quoted)
            return at;
    }
    return std::nullopt;
}

const Codec &csvCodec()
{
    static const CsvCodec codec;
    return codec;
}

} // namespace eventops
