// SPDX-License-Identifier: MIT
#include "core/viewmodel/shown_text.h"

#include "core/base/time.h"

#include <QStringDecoder>

#include <array>
#include <cmath>
#include <limits>

namespace eventops {
namespace {

constexpr QChar Replaced(QChar::ReplacementCharacter);
constexpr std::size_t Utf8BytesPerUnitMax = 3; ///< A UTF-16 unit stands for at most so many bytes.

/// Characters that change how their neighbours are drawn, or that cannot be seen at all.
bool misleads(QChar c)
{
    const ushort u = c.unicode();
    return u == 0x061c || (u >= 0x200b && u <= 0x200f) || (u >= 0x2028 && u <= 0x202e) || (u >= 0x2060 && u <= 0x206f)
        || u == 0xfeff || (u >= 0xfff9 && u <= 0xfffb);
}

QString cleaned(std::string_view utf8, qsizetype max, bool keepLines)
{
    const std::size_t bytes = (static_cast<std::size_t>(max) + 1) * Utf8BytesPerUnitMax;
    const std::string_view part = utf8.substr(0, bytes);
    QStringDecoder decoder(QStringDecoder::Utf8, QStringDecoder::Flag::Stateless);
    QString text = decoder.decode(QByteArrayView(part.data(), static_cast<qsizetype>(part.size())));
    if (text.size() > max || part.size() < utf8.size()) {
        text.truncate(max - 1);
        if (!text.isEmpty() && text.back().isHighSurrogate())
            text.chop(1);
        text += QChar(0x2026);
    }
    for (QChar &c : text) {
        if (keepLines && c == QLatin1Char('\n'))
            continue;
        if (c.category() == QChar::Other_Control)
            c = QLatin1Char(' ');
        else if (misleads(c))
            c = Replaced;
    }
    return text;
}

struct Unit {
    qint64 ns;
    const char *name;
};
constexpr std::array Units{Unit{86'400 * NsPerSecond, " d"}, Unit{3'600 * NsPerSecond, " h"},
                           Unit{60 * NsPerSecond, " min"},   Unit{NsPerSecond, " s"},
                           Unit{NsPerMs, " ms"},             Unit{NsPerUs, " µs"},
                           Unit{1, " ns"}};

} // namespace

QString shownText(std::string_view utf8, qsizetype max)
{
    return cleaned(utf8, max, false);
}

QString shownBlock(std::string_view utf8, qsizetype max)
{
    return cleaned(utf8, max, true);
}

QString exactText(std::string_view utf8)
{
    return QString::fromUtf8(utf8.data(), static_cast<qsizetype>(utf8.size()));
}

QString shownTime(WallNs time)
{
    if (time == NoTime)
        return {};
    const CivilTime civil = civilTime(time);
    const auto two = [](unsigned number) { return QStringLiteral("%1").arg(number, 2, 10, QLatin1Char('0')); };
    QString text = QStringLiteral("%1-%2-%3 %4:%5:%6")
                       .arg(civil.year, 4, 10, QLatin1Char('0'))
                       .arg(two(civil.month), two(civil.day), two(civil.hour), two(civil.minute), two(civil.second));
    if (const unsigned ms = civil.nanosecond / 1'000'000U; ms != 0)
        text += QStringLiteral(".%1").arg(ms, 3, 10, QLatin1Char('0'));
    return text;
}

QString shownDuration(qint64 ns)
{
    if (ns < 0)
        return ns == std::numeric_limits<qint64>::min() ? QString() : QLatin1Char('-') + shownDuration(-ns);
    for (std::size_t i = 0; i < Units.size(); ++i) {
        if (ns < Units[i].ns)
            continue;
        QString text = QString::number(ns / Units[i].ns) + QString::fromUtf8(Units[i].name);
        // Below a second the second unit says nothing to a person.
        if (Units[i].ns > NsPerSecond) {
            if (const qint64 rest = ns % Units[i].ns / Units[i + 1].ns; rest > 0)
                text += QLatin1Char(' ') + QString::number(rest) + QString::fromUtf8(Units[i + 1].name);
        }
        return text;
    }
    return QStringLiteral("0 s");
}

QString shownCount(quint64 count)
{
    QString text = QString::number(count);
    for (qsizetype at = text.size() - 3; at > 0; at -= 3)
        text.insert(at, QChar(0x202f));
    return text;
}

QString shownBytes(quint64 bytes)
{
    constexpr std::array Names{"B", "KiB", "MiB", "GiB", "TiB"};
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= 1024.0 && unit + 1 < Names.size(); ++unit)
        value /= 1024.0;
    const int decimals = unit == 0 || value >= 100.0 ? 0 : 1;
    return QString::number(value, 'f', decimals) + QLatin1Char(' ') + QLatin1String(Names[unit]);
}

QString shownDiskSize(quint64 bytes)
{
    constexpr quint64 KiB = 1'024, MiB = KiB * KiB;
    if (bytes >= KiB * MiB)
        return shownBytes(bytes);
    const bool small = bytes < MiB;
    const quint64 unit = small ? KiB : MiB;
    return QString::number((bytes + unit / 2) / unit) + (small ? QLatin1String(" KiB") : QLatin1String(" MiB"));
}

QString shownBits(double bits)
{
    if (!std::isfinite(bits))
        return QStringLiteral("∞");
    return QString::number(bits, 'f', 1);
}

} // namespace eventops
