// SPDX-License-Identifier: MIT
#include "widgets/graph/graph_legend.h"

#include "core/viewmodel/shown_text.h"
#include "widgets/theme/theme.h"

#include <QCoreApplication>
#include <QFontMetrics>
#include <QPainter>

#include <algorithm>
#include <array>
#include <vector>

namespace eventops {
namespace {

constexpr int NameCharacters = 22;

struct LegendRow {
    enum class Kind { Type, Severity, Link } kind = Kind::Type;
    int number = 0;
    QString text;
};

QString translated(const char *text)
{
    return QCoreApplication::translate("GraphLegend", text);
}

std::vector<LegendRow> rowsOf(const GraphSnapshot &graph, const GraphPicture &picture)
{
    std::vector<LegendRow> rows;
    const auto name = [](const std::string &text) { return shownText(text, ShownNameMax); };
    for (const std::string &type : picture.topTypes())
        rows.push_back({LegendRow::Kind::Type, picture.colorOfType(type), name(type)});
    if (picture.hasOtherTypes())
        rows.push_back({LegendRow::Kind::Type, GraphPicture::TypeColors, translated("other types")});
    std::array<bool, 5> bands{};
    for (const GraphNode &node : graph.nodes) {
        if (node.openFindings > 0)
            bands[static_cast<std::size_t>(std::max(1, GraphPicture::severityBand(node.severity)))] = true;
    }
    constexpr std::array Names{"", QT_TRANSLATE_NOOP("GraphLegend", "notice"),
                               QT_TRANSLATE_NOOP("GraphLegend", "warning"), QT_TRANSLATE_NOOP("GraphLegend", "error"),
                               QT_TRANSLATE_NOOP("GraphLegend", "critical")};
    for (std::size_t band = bands.size() - 1; band > 0; --band) {
        if (bands[band])
            rows.push_back({LegendRow::Kind::Severity, static_cast<int>(band), translated(Names[band])});
    }
    const std::size_t links = graph.linkTypes.size();
    for (std::size_t i = 0; i < std::min<std::size_t>(links, GraphPicture::LinkStyles); ++i) {
        const bool last = i + 1 == GraphPicture::LinkStyles && links > GraphPicture::LinkStyles;
        rows.push_back({LegendRow::Kind::Link, static_cast<int>(i),
                        last ? translated("other links") : name(graph.linkTypes[i])});
    }
    return rows;
}

void paintSample(QPainter &painter, const LegendRow &row, const QRectF &box)
{
    const double radius = themeMetric("markerSize") / 2.0;
    if (row.kind == LegendRow::Kind::Type)
        GraphPicture::paintSign(painter, box.center(), radius, 0, row.number);
    else if (row.kind == LegendRow::Kind::Severity)
        GraphPicture::paintSign(painter, box.center(), radius, row.number, 0);
    if (row.kind != LegendRow::Kind::Link)
        return;
    const std::uint16_t pattern = GraphPicture::patternOf(static_cast<std::uint32_t>(row.number));
    for (int x = 0; x < static_cast<int>(box.width()); ++x) {
        if (((pattern >> (static_cast<unsigned>(x) & 15U)) & 1U) != 0U)
            painter.fillRect(QRectF(box.left() + x, box.center().y() - 0.5, 1, 1.5), themeColor("textMuted"));
    }
}

} // namespace

QPixmap paintGraphLegend(const GraphSnapshot &graph, const GraphPicture &picture, double devicePixelRatio)
{
    const std::vector<LegendRow> rows = rowsOf(graph, picture);
    if (rows.empty())
        return {};
    const QFont font = Theme::instance().font(Theme::FontRole::Small);
    const QFontMetrics metrics(font);
    const int pad = themeMetric("space2"), sample = themeMetric("iconSize") * 2;
    const int line = metrics.height() + themeMetric("space1");
    const int textMax = metrics.averageCharWidth() * NameCharacters;
    int width = 0;
    std::vector<QString> texts;
    for (const LegendRow &row : rows) {
        texts.push_back(metrics.elidedText(row.text, Qt::ElideRight, textMax));
        width = std::max(width, metrics.horizontalAdvance(texts.back()));
    }
    const QSize size(width + sample + 3 * pad, line * static_cast<int>(rows.size()) + 2 * pad);
    QPixmap pixmap(size * devicePixelRatio);
    pixmap.setDevicePixelRatio(devicePixelRatio);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(font);
    painter.setBrush(themeColor("surfaceRaised"));
    painter.setPen(QPen(themeColor("border"), themeMetric("border")));
    painter.drawRoundedRect(QRectF(0.5, 0.5, size.width() - 1, size.height() - 1), themeMetric("radius"),
                            themeMetric("radius"));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const int y = pad + line * static_cast<int>(i);
        paintSample(painter, rows[i], QRectF(pad, y, sample, line));
        painter.setPen(themeColor("text"));
        painter.drawText(QRect(2 * pad + sample, y, width + pad, line), Qt::AlignVCenter | Qt::TextSingleLine,
                         texts[i]);
    }
    return pixmap;
}

} // namespace eventops
