// SPDX-License-Identifier: MIT
#pragma once

#include <QFont>
#include <QRawFont>
#include <QRect>
#include <QString>

#include <array>

class QPainter;

namespace eventops {

/// Draws the texts of many cells in one font, cut to their room with "…". Printable ASCII, which nearly all cells are,
/// goes to glyphs by a table instead of through the shaper (no kerning, no ligatures); all else as QPainter does it.
/// Thread: UI. O(length shown).
class CellText
{
public:
    explicit CellText(const QFont &font);
    void draw(QPainter &painter, const QRect &room, const QString &text, Qt::Alignment alignment) const;
    const QFont &font() const { return m_font; }

private:
    static constexpr char16_t First = 0x20, Last = 0x7E;
    struct Glyph {
        quint32 index = 0;
        qreal advance = 0.0;
    };
    bool isPlain(const QString &text, qsizetype length) const;
    void drawPlain(QPainter &painter, const QRect &room, const QString &text, Qt::Alignment alignment) const;

    QFont m_font;
    QRawFont m_raw;
    std::array<Glyph, Last - First + 1> m_glyphs;
    Glyph m_ellipsis;
    qreal m_narrowest = 1.0; ///< Advance of the narrowest glyph: bounds how many fit.
};

} // namespace eventops
