// SPDX-License-Identifier: MIT
#include "widgets/table/cell_text.h"

#include <QFontMetrics>
#include <QGlyphRun>
#include <QPainter>

#include <algorithm>

namespace eventops {

CellText::CellText(const QFont &font) : m_font(font), m_raw(QRawFont::fromFont(font))
{
    QString all;
    for (char16_t c = First; c <= Last; ++c)
        all += QChar(c);
    all += QChar(0x2026);
    const QList<quint32> indexes = m_raw.glyphIndexesForString(all);
    const QList<QPointF> advances = m_raw.advancesForGlyphIndexes(indexes);
    if (!m_raw.isValid() || indexes.size() != all.size() || indexes.contains(0)) {
        m_raw = QRawFont(); // a font without some of them: the shaper finds others
        return;
    }
    for (qsizetype i = 0; i < indexes.size(); ++i) {
        Glyph &glyph = i + 1 == indexes.size() ? m_ellipsis : m_glyphs[static_cast<std::size_t>(i)];
        glyph = {indexes[i], advances[i].x()};
        m_narrowest = i == 0 ? glyph.advance : std::min(m_narrowest, glyph.advance);
    }
    m_narrowest = std::max(1.0, m_narrowest);
}

bool CellText::isPlain(const QString &text, qsizetype length) const
{
    return m_raw.isValid()
           && std::all_of(text.begin(), text.begin() + length,
                          [](QChar c) { return c.unicode() >= First && c.unicode() <= Last; });
}

void CellText::draw(QPainter &painter, const QRect &room, const QString &text, Qt::Alignment alignment) const
{
    const auto shown = std::min(text.size(), static_cast<qsizetype>(room.width() / m_narrowest) + 1);
    if (shown <= 0 || room.width() <= 0)
        return;
    if (isPlain(text, shown)) {
        drawPlain(painter, room, text, alignment);
        return;
    }
    painter.setFont(m_font);
    painter.drawText(room, static_cast<int>(alignment) | Qt::TextSingleLine,
                     QFontMetrics(m_font).elidedText(text, Qt::ElideRight, room.width()));
}

void CellText::drawPlain(QPainter &painter, const QRect &room, const QString &text, Qt::Alignment alignment) const
{
    QList<quint32> indexes;
    QList<QPointF> positions;
    indexes.reserve(text.size());
    positions.reserve(text.size());
    qreal x = 0.0;
    for (const QChar c : text) {
        if (x > room.width())
            break; // what follows is cut in any case
        const Glyph &glyph = m_glyphs[c.unicode() >= First && c.unicode() <= Last ? c.unicode() - First : 0u];
        indexes.append(glyph.index);
        positions.append({x, 0.0});
        x += glyph.advance;
    }
    if (x > room.width()) {
        while (!positions.isEmpty() && x + m_ellipsis.advance > room.width()) {
            x = positions.back().x();
            positions.removeLast();
            indexes.removeLast();
        }
        indexes.append(m_ellipsis.index);
        positions.append({x, 0.0});
        x += m_ellipsis.advance;
    }
    QGlyphRun run;
    run.setRawFont(m_raw);
    run.setGlyphIndexes(indexes);
    run.setPositions(positions);
    const qreal left = alignment.testFlag(Qt::AlignRight) ? room.right() + 1 - x : room.left();
    const qreal top = room.top() + (room.height() - m_raw.ascent() - m_raw.descent()) / 2;
    painter.drawGlyphRun(QPointF(left, top + m_raw.ascent()), run);
}

} // namespace eventops
