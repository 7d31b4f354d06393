// SPDX-License-Identifier: MIT
#include "core/viewmodel/visible_text.h"

#include <algorithm>

namespace eventops {
namespace {

/// Controls, format characters (direction, joiners, tags) and the separators that break lines.
bool mustBeWritten(char32_t c)
{
    switch (QChar::category(c)) {
    case QChar::Other_Control:
    case QChar::Other_Format:
    case QChar::Other_PrivateUse:
    case QChar::Other_Surrogate:
    case QChar::Separator_Line:
    case QChar::Separator_Paragraph: return true;
    default: return false;
    }
}

QString written(char32_t c)
{
    switch (c) {
    case U'\n': return QStringLiteral("\\n");
    case U'\r': return QStringLiteral("\\r");
    case U'\t': return QStringLiteral("\\t");
    default: break;
    }
    const int digits = c < 0x100 ? 2 : 4;
    return (digits == 2 ? QStringLiteral("\\x") : QStringLiteral("\\u"))
           + QStringLiteral("%1").arg(static_cast<uint>(c), digits, 16, QLatin1Char('0'));
}

} // namespace

QString visibleText(const QString &text, qsizetype max)
{
    const auto plain = [](QChar c) { return (c.unicode() >= 0x20 && c.unicode() < 0x7F); };
    if (text.size() <= max && std::all_of(text.begin(), text.end(), plain))
        return text;
    QString out;
    for (qsizetype i = 0; i < text.size();) {
        if (out.size() >= max)
            return out.left(max) + QChar(0x2026);
        char32_t c = text[i].unicode();
        const bool pair = text[i].isHighSurrogate() && i + 1 < text.size() && text[i + 1].isLowSurrogate();
        if (pair)
            c = QChar::surrogateToUcs4(text[i], text[i + 1]);
        if (mustBeWritten(c))
            out += written(c);
        else
            out += QStringView(text).mid(i, pair ? 2 : 1);
        i += pair ? 2 : 1;
    }
    return out;
}

QString visibleText(std::string_view utf8, qsizetype max)
{
    // A character takes at most four bytes; one more character tells that something was cut.
    constexpr std::size_t BytesPerUnitMax = 4;
    const std::size_t bytes = std::min(utf8.size(), (static_cast<std::size_t>(max) + 1) * BytesPerUnitMax);
    return visibleText(QString::fromUtf8(utf8.data(), static_cast<qsizetype>(bytes)), max);
}

} // namespace eventops
