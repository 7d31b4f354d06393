// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/document_format.h"
#include "core/codec/mapping_reader.h"
#include "core/codec/syslog.h"
#include "core/codec/text_fields.h"

#include <memory>
#include <string_view>
#include <vector>

namespace eventops {

/// Reads texts by one format that isText(). Thread: one.
class TextFormatReader
{
public:
    TextFormatReader(const DocumentFormat &format, const SyslogSettings &settings);
    const DocumentFormat &format() const { return m_format; }
    /// Is this one of the format? Then decode() reads what was taken apart. @p text is UTF-8.
    bool match(std::string_view text);
    DecodeFailure decode(Batch &batch, std::uint32_t record);

private:
    const DocumentFormat &m_format;
    TextFields m_text;
    SyslogLine m_syslog;
    MappingReader m_mapped;
};

/// Reads a text by the first of the shipped formats that it is of. Thread: one.
class KnownText
{
public:
    explicit KnownText(const SyslogSettings &settings = {});
    /// The format of @p text; null: none, or it is not UTF-8. What colours a terminal is left out of account.
    const DocumentFormat *match(std::string_view text);
    /// Appends the events of the text that match() knew. On failure there are none.
    DecodeFailure decode(Batch &batch, std::uint32_t record) { return m_found->decode(batch, record); }

private:
    std::vector<std::unique_ptr<TextFormatReader>> m_readers;
    TextFormatReader *m_found = nullptr;
    std::string m_plain;
};

} // namespace eventops
