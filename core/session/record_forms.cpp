// SPDX-License-Identifier: MIT
#include "core/session/record_forms.h"

#include "core/codec/json_reader.h"
#include "core/codec/kcat.h"

#include <algorithm>
#include <map>

namespace eventops {
namespace {

class CaptureForm final : public RecordForm
{
public:
    explicit CaptureForm(std::unique_ptr<CaptureFileWriter> writer) : m_writer(std::move(writer)) {}

    Result<bool> add(const SourceRow &source, bool whole, const CaptureRecord &record) override
    {
        auto known = m_sources.find(source.id);
        if (known == m_sources.end()) {
            CaptureOrigin origin{source.progress.key, source.progress.title, 0, 0};
            if (whole) {
                origin.hashedTo = source.progress.hashedTo;
                origin.prefixHash = source.progress.prefixHash;
            }
            known = m_sources.emplace(source.id, EVENTOPS_TRY(m_writer->addSource(origin))).first;
        }
        CaptureRecord own = record;
        own.source = known->second;
        EVENTOPS_TRY(m_writer->add(own));
        return false;
    }
    Status finish() override { return m_writer->finish(); }

private:
    std::unique_ptr<CaptureFileWriter> m_writer;
    std::map<std::int64_t, std::uint32_t> m_sources;
};

/// Appends @p bytes as one line without its end. True: white space between JSON tokens was changed for that.
Result<bool> appendAsLine(std::string &out, JsonReader &json, const CaptureRecord &record, std::string_view form)
{
    const std::string_view bytes = record.bytes;
    if (bytes.find('\n') == std::string_view::npos && !bytes.ends_with('\r')) {
        out += bytes;
        return false;
    }
    if (json.read(bytes))
        return Error{Error::Code::Refused,
                     "record " + std::to_string(record.seq) + " has line ends within and is no JSON, so "
                         + std::string(form) + " cannot hold it",
                     {},
                     "export the form evcap or kcat"};
    // No JSON token holds a line end, so each of them stands between tokens.
    const std::size_t begin = out.size();
    out += json.document();
    std::replace_if(
        out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), [](char c) { return c == '\n' || c == '\r'; },
        ' ');
    return true;
}

class LineForm final : public RecordForm
{
public:
    LineForm(ByteSink sink, bool kcat) : m_sink(std::move(sink)), m_kcat(kcat) {}

    Result<bool> add(const SourceRow &source, bool, const CaptureRecord &record) override
    {
        m_line.clear();
        bool reshaped = false;
        if (!m_kcat) {
            reshaped = EVENTOPS_TRY(appendAsLine(m_line, m_json, record, "ndjson"));
        } else if (!m_json.read(record.bytes) && looksLikeKcat(m_json)) {
            reshaped = EVENTOPS_TRY(appendAsLine(m_line, m_json, record, "kcat")); // it came in that form
        } else {
            appendKcat(m_line, {source.progress.title, 0, record.position, record.ts, record.key, record.bytes});
        }
        m_line += '\n';
        EVENTOPS_TRY(m_sink(m_line));
        return reshaped;
    }

private:
    ByteSink m_sink;
    const bool m_kcat;
    JsonReader m_json;
    std::string m_line;
};

} // namespace

RecordForm::~RecordForm() = default;

Result<std::unique_ptr<RecordForm>> makeRecordForm(ExportForm form, ByteSink sink)
{
    if (form == ExportForm::Capture)
        return std::unique_ptr<RecordForm>(
            std::make_unique<CaptureForm>(EVENTOPS_TRY(CaptureFileWriter::make(std::move(sink)))));
    return std::unique_ptr<RecordForm>(std::make_unique<LineForm>(std::move(sink), form == ExportForm::Kcat));
}

} // namespace eventops
