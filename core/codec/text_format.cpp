// SPDX-License-Identifier: MIT
#include "core/codec/text_format.h"

#include <algorithm>

namespace eventops {
namespace {

/// @p text without the sequences that set colours (ECMA-48, "ESC [ … m").
std::string withoutColours(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\x1b' || i + 1 == text.size() || text[i + 1] != '[') {
            out += text[i];
            continue;
        }
        const std::size_t end = text.find_first_not_of("0123456789;", i + 2);
        i = std::min(end, text.size() - 1);
    }
    return out;
}

} // namespace

TextFormatReader::TextFormatReader(const DocumentFormat &format, const SyslogSettings &settings)
    : m_format(format),
      m_text(format.mapping()->patterns),
      m_syslog(settings),
      m_mapped(format.mapping(), format.name())
{
}

bool TextFormatReader::match(std::string_view text)
{
    return m_format.reading() == DocumentFormat::Reading::Syslog ? m_syslog.read(text) : m_text.match(text);
}

DecodeFailure TextFormatReader::decode(Batch &batch, std::uint32_t record)
{
    return m_mapped.read(batch, record,
                         m_format.reading() == DocumentFormat::Reading::Syslog ? m_syslog.fields() : m_text.fields());
}

KnownText::KnownText(const SyslogSettings &settings)
{
    for (const DocumentFormat &format : documentFormats()) {
        if (format.isText())
            m_readers.push_back(std::make_unique<TextFormatReader>(format, settings));
    }
}

const DocumentFormat *KnownText::match(std::string_view text)
{
    if (!isValidUtf8(text))
        return nullptr;
    if (text.find('\x1b') != std::string_view::npos) {
        m_plain = withoutColours(text);
        text = m_plain;
    }
    const auto found =
        std::find_if(m_readers.begin(), m_readers.end(), [&](const auto &reader) { return reader->match(text); });
    m_found = found != m_readers.end() ? found->get() : nullptr;
    return m_found != nullptr ? &m_found->format() : nullptr;
}

} // namespace eventops
