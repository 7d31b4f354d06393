// SPDX-License-Identifier: MIT
//
// What the canvas looks like.
#include "core/viewmodel/time_axis.h"
#include "widgets/theme/severity_mark.h"
#include "widgets/theme/theme.h"
#include "widgets/timeline/lane_painter.h"
#include "widgets/timeline/timeline_canvas.h"

#include <QLocale>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>

namespace eventops {
namespace {

constexpr int OverviewPauseMs = 200;  ///< The whole is counted again at most this often.
constexpr std::array BandNames{QT_TRANSLATE_NOOP("eventops::TimelineCanvas", "no severity"),
                               QT_TRANSLATE_NOOP("eventops::TimelineCanvas", "info"),
                               QT_TRANSLATE_NOOP("eventops::TimelineCanvas", "notice"),
                               QT_TRANSLATE_NOOP("eventops::TimelineCanvas", "warning"),
                               QT_TRANSLATE_NOOP("eventops::TimelineCanvas", "error"),
                               QT_TRANSLATE_NOOP("eventops::TimelineCanvas", "critical")};

QColor veil(const char *token, int alpha)
{
    QColor color = themeColor(token);
    color.setAlpha(alpha);
    return color;
}

constexpr int VeilLight = 48;   ///< Of 255: tints what is selected.
constexpr int VeilStrong = 150; ///< Covers what is outside of the window.

/// An action's mark: an arrow head, filled while something may still come of it.
void paintActionMark(QPainter &painter, const QRectF &box, bool isOpen)
{
    QPainterPath path;
    path.moveTo(box.left() + box.width() / 6, box.top());
    path.lineTo(box.right(), box.center().y());
    path.lineTo(box.left() + box.width() / 6, box.bottom());
    path.closeSubpath();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(themeColor("accent"), themeMetric("border") * 1.5));
    painter.setBrush(isOpen ? QBrush(themeColor("accent")) : QBrush(Qt::NoBrush));
    painter.drawPath(path);
    painter.setRenderHint(QPainter::Antialiasing, false);
}

} // namespace

void TimelineCanvas::refreshColumns()
{
    TimelineIndex &index = m_model.index();
    const auto &lanes = m_model.lanes();
    const int shown = std::min(static_cast<int>(lanes.size()) - m_firstLane, lanesPerPage());
    std::vector<std::uint16_t> slotOfLane(lanes.size(), TimelineIndex::NoSlot);
    for (int i = 0; i < shown; ++i) {
        const std::uint16_t number = lanes[static_cast<std::size_t>(m_firstLane + i)].number;
        if (number < slotOfLane.size())
            slotOfLane[number] = static_cast<std::uint16_t>(i);
    }
    m_columns.update(index, m_window.grid(), slotOfLane, static_cast<std::size_t>(std::max(0, shown)),
                     m_model.revision());
    const bool due = !m_sinceOverview.isValid() || m_sinceOverview.hasExpired(OverviewPauseMs);
    if (m_overviewRevision == m_model.revision() && m_sinceOverview.isValid())
        return;
    if (!due) {
        QTimer::singleShot(OverviewPauseMs, this, [this] {
            if (m_overviewRevision != m_model.revision())
                takeData();
        });
        return;
    }
    TimeWindow whole;
    whole.setColumns(m_window.grid().columns);
    whole.setExtent(index.firstNs(), index.lastNs());
    m_overview.update(index, whole.grid(), std::vector<std::uint16_t>(TimelineIndex::LanesMax, 0), 1,
                      m_model.revision());
    m_overviewRevision = m_model.revision();
    m_sinceOverview.start();
}

/// So that the longest label has room between two ticks.
qint64 TimelineCanvas::tickStepNs() const
{
    constexpr int LabelCharacters = 16;
    const int apart = QFontMetrics(Theme::instance().font(Theme::FontRole::Small)).averageCharWidth() * LabelCharacters;
    return m_window.columnNs() * static_cast<qint64>(apart / columnWidth());
}

void TimelineCanvas::renderPixels()
{
    const qreal ratio = devicePixelRatioF();
    const QSize pixels(static_cast<int>(width() * ratio), static_cast<int>(height() * ratio));
    if (m_image.size() != pixels)
        m_image = QImage(pixels, QImage::Format_RGB32);
    m_image.setDevicePixelRatio(ratio);
    const auto scaled = [ratio](const QRect &r) {
        return QRect(static_cast<int>(r.x() * ratio), static_cast<int>(r.y() * ratio),
                     static_cast<int>(r.width() * ratio), static_cast<int>(r.height() * ratio));
    };
    const QRect plot = plotArea();
    const QRgb window = themeColor("window").rgb();
    fillPixels(m_image, scaled({0, 0, width(), plot.top()}), window);
    fillPixels(m_image, scaled({0, plot.top(), plot.left(), plot.height()}), window);
    fillPixels(m_image, scaled(overviewArea()), themeColor("surfaceSunken").rgb());
    fillPixels(m_image, scaled(plot), themeColor("surface").rgb());
    const BandColors colors = BandColors::fromTheme();
    const int least = std::max(1, static_cast<int>(2 * themeMetric("border") * ratio));
    const int border = themeMetric("border");
    LaneStrip strip{scaled(overviewArea()), 0, std::max(1u, m_overview.tallest()), least,
                    columnPixels()};
    paintLaneStrip(m_image, m_overview, strip, colors);
    const QRgb grid = themeColor("grid").rgb();
    for (const TimeTick &tick : timeTicks(m_window.fromNs(), m_window.toNs(), tickStepNs()))
        fillPixels(m_image, scaled({xOf(tick.ns), plot.top(), border, plot.height()}), grid);
    strip.tallest = std::max(1u, m_columns.tallest());
    const int lanes = static_cast<int>(m_columns.slots());
    for (int lane = 0; lane < lanes; ++lane) {
        const int top = plot.top() + lane * laneHeight();
        const QRect area(plot.left(), top, plot.width(), laneHeight());
        fillPixels(m_image, scaled({0, area.bottom() + 1 - border, width(), border}), grid);
        const int inset = themeMetric("space1");
        const QRect drawn(plot.left(), top + inset, plot.width(), laneHeight() - inset - border);
        strip.area = scaled(drawn & plot);
        strip.slot = static_cast<std::size_t>(lane);
        if (strip.area.height() > 0)
            paintLaneStrip(m_image, m_columns, strip, colors);
    }
}

void TimelineCanvas::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    if (m_model.state() != TimelineModel::Ready) {
        painter.fillRect(rect(), themeColor("window"));
        paintState(painter);
        return;
    }
    if (m_pixelsStale) {
        refreshColumns();
        renderPixels();
        m_pixelsStale = false;
    }
    painter.drawImage(0, 0, m_image);
    paintSelection(painter);
    paintLabels(painter);
    paintAxis(painter);
    paintOverview(painter);
    paintMarks(painter);
    paintPointer(painter);
}

void TimelineCanvas::paintLabels(QPainter &painter)
{
    const int space = themeMetric("space2");
    const QRect plot = plotArea();
    const auto &lanes = m_model.lanes();
    painter.setFont(Theme::instance().font(Theme::FontRole::Body));
    const QFontMetrics metrics(painter.font());
    const QFont small = Theme::instance().font(Theme::FontRole::Small);
    painter.save();
    painter.setClipRect(0, plot.top(), width(), plot.height());
    for (int lane = m_firstLane;
         lane < static_cast<int>(m_firstLane + m_columns.slots()) && lane < static_cast<int>(lanes.size()); ++lane) {
        const QRect row(0, laneTop(lane), labelWidth(), laneHeight());
        if (lane == m_currentLane) {
            painter.fillRect(row, themeColor(hasFocus() ? "selection" : "surfaceRaised"));
            painter.fillRect(row.left(), row.top(), themeMetric("space1") - themeMetric("border"), row.height(),
                             themeColor("accent"));
        }
        const auto &given = lanes[static_cast<std::size_t>(lane)];
        const QRect inside = row.adjusted(space, 0, -space, 0);
        const QString count = QLocale(QLocale::English).toString(given.events);
        const int countWidth = QFontMetrics(small).horizontalAdvance(count);
        const bool withCount = inside.width() > 2 * countWidth + space;
        const int nameWidth = inside.width() - (withCount ? countWidth + space : 0);
        painter.setPen(themeColor(lane == m_currentLane && hasFocus() ? "selectionText" : "text"));
        painter.drawText(QRect(inside.left(), inside.top(), nameWidth, inside.height()),
                         Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
                         metrics.elidedText(given.name, Qt::ElideRight, nameWidth));
        if (!withCount)
            continue;
        painter.save();
        painter.setFont(small);
        if (lane != m_currentLane || !hasFocus())
            painter.setPen(themeColor("textMuted"));
        painter.drawText(inside, Qt::AlignRight | Qt::AlignVCenter | Qt::TextSingleLine, count);
        painter.restore();
    }
    painter.restore();
}

void TimelineCanvas::paintAxis(QPainter &painter)
{
    const QRect area = axisArea();
    painter.setFont(Theme::instance().font(Theme::FontRole::Small));
    const QFontMetrics metrics(painter.font());
    const int gap = themeMetric("space1");
    paintRowTitle(painter, area, tr("Time (UTC)"));
    painter.setFont(Theme::instance().font(Theme::FontRole::Small));
    int free = area.left();
    for (const TimeTick &tick : timeTicks(m_window.fromNs(), m_window.toNs(), tickStepNs())) {
        const int x = xOf(tick.ns);
        painter.fillRect(x, area.bottom() + 1 - 2 * gap, themeMetric("border"), 2 * gap, themeColor("borderStrong"));
        const int left = x + gap;
        const int textWidth = metrics.horizontalAdvance(tick.label);
        if (left < free || left + textWidth > area.right())
            continue;
        painter.setPen(themeColor(tick.isMajor ? "text" : "textMuted"));
        painter.drawText(QRect(left, area.top(), textWidth + gap, area.height()),
                         Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine, tick.label);
        free = left + textWidth + gap;
    }
}

void TimelineCanvas::paintOverview(QPainter &painter)
{
    const QRect area = overviewArea();
    paintRowTitle(painter, area, tr("Overview"));
    if (m_overview.slots() == 0)
        return;
    const int left = m_window.isWhole() ? area.left() : std::max(area.left(), overviewXOf(m_window.fromNs()));
    const int right = m_window.isWhole() ? area.right() : std::min(area.right(), overviewXOf(m_window.toNs()));
    const int border = themeMetric("border");
    const QColor shade = veil("surfaceSunken", VeilStrong);
    painter.fillRect(QRect(area.left(), area.top(), left - area.left(), area.height()), shade);
    painter.fillRect(QRect(right + 1, area.top(), area.right() - right, area.height()), shade);
    if (!m_context.timeSpan().isEmpty()) {
        const int from = overviewXOf(m_context.timeSpan().fromNs);
        const int to = std::max(from + 2 * border, overviewXOf(m_context.timeSpan().toNs));
        painter.fillRect(from, area.bottom() + 1 - 2 * border, to - from, 2 * border, themeColor("accent"));
    }
    painter.setPen(QPen(themeColor(m_window.isWhole() ? "border" : "accent"), border));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(QRect(left, area.top(), std::max(2 * border, right - left), area.height() - 1));
}

void TimelineCanvas::paintRowTitle(QPainter &painter, const QRect &row, const QString &title)
{
    const int space = themeMetric("space2");
    const QRect inside(space, row.top(), row.left() - 2 * space, row.height());
    painter.setFont(Theme::instance().font(Theme::FontRole::Small));
    painter.setPen(themeColor("textMuted"));
    painter.drawText(inside, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
                     QFontMetrics(painter.font()).elidedText(title, Qt::ElideRight, inside.width()));
}

std::vector<TimelineCanvas::Cluster> TimelineCanvas::clusters(TimelineModel::MarkerKind kind) const
{
    std::vector<Cluster> out;
    const auto &markers = m_model.markers();
    const auto begin = std::lower_bound(markers.begin(), markers.end(), m_window.fromNs(),
                                        [](const TimelineModel::Marker &m, qint64 ns) { return m.ns < ns; });
    const int apart = themeMetric("markerSize");
    for (auto it = begin; it != markers.end() && it->ns < m_window.toNs(); ++it) {
        if (it->kind != kind)
            continue;
        const int x = xOf(it->ns);
        const bool selected = it->findingId == m_context.findingId() && !it->findingId.isEmpty();
        if (out.empty() || x - out.back().x > apart) {
            out.push_back(
                {x, it->severityNumber, it->isOpen, static_cast<std::size_t>(it - markers.begin()), 1, selected});
            continue;
        }
        Cluster &last = out.back();
        last.severityNumber = std::max(last.severityNumber, it->severityNumber);
        last.isOpen = last.isOpen || it->isOpen;
        last.isSelected = last.isSelected || selected;
        ++last.count;
    }
    return out;
}

void TimelineCanvas::paintMarks(QPainter &painter)
{
    const int size = themeMetric("markerSize");
    const QFont small = Theme::instance().font(Theme::FontRole::Small);
    const QFontMetrics metrics(small);
    for (const auto kind : {TimelineModel::MarkerKind::Finding, TimelineModel::MarkerKind::Action}) {
        const bool isFinding = kind == TimelineModel::MarkerKind::Finding;
        const QRect row = isFinding ? findingsArea() : actionsArea();
        painter.fillRect(0, row.bottom() + 1 - themeMetric("border"), width(), themeMetric("border"),
                         themeColor("grid"));
        paintRowTitle(painter, row, isFinding ? tr("Findings") : tr("Actions"));
        const std::vector<Cluster> all = clusters(kind);
        for (std::size_t i = 0; i < all.size(); ++i) {
            const Cluster &cluster = all[i];
            const QRectF box(cluster.x - size / 2.0, row.center().y() - size / 2.0, size, size);
            if (cluster.isSelected) {
                painter.fillRect(cluster.x, row.bottom() + 1, themeMetric("border"), height() - row.bottom() - 1,
                                 veil("focus", VeilStrong));
                painter.setPen(QPen(themeColor("focus"), themeMetric("border") * 2));
                painter.setBrush(Qt::NoBrush);
                painter.drawRect(box.adjusted(-3, -3, 3, 3)); // outside of the shape, whatever it is
            }
            if (isFinding)
                paintSeverityMark(painter, box, cluster.severityNumber, cluster.isOpen);
            else
                paintActionMark(painter, box, cluster.isOpen);
            const QString count = QString::number(cluster.count);
            const int room = i + 1 < all.size() ? all[i + 1].x - cluster.x - 2 * size : width() - cluster.x - size;
            if (cluster.count < 2 || metrics.horizontalAdvance(count) > room)
                continue;
            painter.setFont(small);
            painter.setPen(themeColor("textMuted"));
            painter.drawText(QRect(cluster.x + size, row.top(), room, row.height()),
                             Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine, count);
        }
    }
}

void TimelineCanvas::paintSelection(QPainter &painter)
{
    const TimeSpan span = m_draft.isEmpty() ? m_context.timeSpan() : m_draft;
    if (span.isEmpty())
        return;
    const QRect plot = plotArea();
    const int border = themeMetric("border");
    const int from = std::max(plot.left(), xOf(span.fromNs));
    const int to = std::min(plot.right() + 1, xOf(span.toNs));
    if (to < from)
        return;
    const QRect band(from, axisArea().top(), std::max(border, to - from), height() - axisArea().top());
    painter.fillRect(band, veil("accent", VeilLight));
    painter.fillRect(band.left(), band.top(), border, band.height(), themeColor("accent"));
    painter.fillRect(band.right() + 1 - border, band.top(), border, band.height(), themeColor("accent"));
}

void TimelineCanvas::paintPointer(QPainter &painter)
{
    const QRect plot = plotArea();
    if (!m_pointer || m_pointer->x() < plot.left() || m_pointer->y() < axisArea().top())
        return;
    const int x = m_pointer->x();
    painter.fillRect(x, axisArea().bottom() + 1, themeMetric("border"), height() - axisArea().bottom(),
                     veil("borderStrong", VeilStrong));
    painter.setFont(Theme::instance().font(Theme::FontRole::Small));
    const QString label = timeText(timeAt(x), m_window.columnNs());
    const int space = themeMetric("space1");
    const int textWidth = QFontMetrics(painter.font()).horizontalAdvance(label) + 2 * space;
    QRect box(x - textWidth / 2, axisArea().top(), textWidth, axisArea().height() - space);
    box.moveLeft(std::clamp(box.left(), plot.left(), std::max(plot.left(), plot.right() - textWidth)));
    painter.fillRect(box, themeColor("surfaceRaised"));
    painter.setPen(QPen(themeColor("borderStrong"), themeMetric("border")));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(box);
    painter.setPen(themeColor("text"));
    painter.drawText(box, Qt::AlignCenter | Qt::TextSingleLine, label);
}

void TimelineCanvas::paintState(QPainter &painter)
{
    QString title, next;
    const QLocale locale(QLocale::English);
    switch (m_model.state()) {
    case TimelineModel::Loading:
        title = tr("Reading events …");
        next = tr("%1 of %2 so far").arg(locale.toString(static_cast<quint64>(m_model.eventsRead())),
                                         locale.toString(static_cast<quint64>(m_model.eventsKnown())));
        break;
    case TimelineModel::Failed:
        title = m_model.problem();
        next = m_model.remedy().isEmpty() ? tr("Press F5 to read the events again.")
                                          : tr("%1 Then press F5 to read the events again.").arg(m_model.remedy());
        break;
    default:
        title = tr("No events yet");
        next = tr("Open a capture or start the demo: each event appears here, at the time it happened.");
    }
    const int space = themeMetric("space4");
    QRect box = rect().adjusted(space, space, -space, -space);
    painter.setFont(Theme::instance().font(Theme::FontRole::Title));
    painter.setPen(themeColor(m_model.state() == TimelineModel::Failed ? "severityError" : "text"));
    const int flags = Qt::AlignHCenter | Qt::AlignTop | Qt::TextWordWrap | Qt::TextDontClip;
    const int titleHeight = painter.boundingRect(box, flags, title).height();
    box.setTop(std::max(box.top(), rect().center().y() - titleHeight));
    painter.drawText(box, flags, title);
    painter.setFont(Theme::instance().font(Theme::FontRole::Body));
    painter.setPen(themeColor("textMuted"));
    painter.drawText(box.adjusted(0, titleHeight + themeMetric("space2"), 0, 0), flags, next);
}

QString TimelineCanvas::countsText(const std::uint32_t *counts) const
{
    const QLocale locale(QLocale::English);
    QStringList parts;
    std::uint32_t sum = 0;
    for (std::size_t band = SeverityBandCount; band-- > 0;) {
        sum += counts[band];
        if (counts[band] > 0)
            parts << tr("%1 %2").arg(locale.toString(counts[band]), tr(BandNames[band]));
    }
    if (sum == 0)
        return tr("no events");
    const QString total = sum == 1 ? tr("1 event") : tr("%1 events").arg(locale.toString(sum));
    return parts.isEmpty() ? total : total + QStringLiteral(": ") + parts.join(QStringLiteral(", "));
}

QString TimelineCanvas::toolTipAt(const QPoint &at)
{
    if (m_model.state() != TimelineModel::Ready)
        return {};
    QStringList lines;
    const bool findings = findingsArea().contains(at);
    if (findings || actionsArea().contains(at)) {
        const auto kind = findings ? TimelineModel::MarkerKind::Finding : TimelineModel::MarkerKind::Action;
        for (const Cluster &cluster : clusters(kind)) {
            if (std::abs(cluster.x - at.x()) > themeMetric("markerSize"))
                continue;
            const auto &marker = m_model.markers()[cluster.first];
            lines << timeText(marker.ns, m_window.columnNs()) << marker.title;
            if (cluster.count > 1)
                lines << tr("and %1 more here; zoom in to tell them apart").arg(cluster.count - 1);
            break;
        }
    } else if (laneAt(at.y()) >= 0) {
        const auto &lane = m_model.lanes()[static_cast<std::size_t>(laneAt(at.y()))];
        lines << lane.name;
        if (at.x() < plotArea().left()) {
            lines << tr("%1 events in all").arg(QLocale(QLocale::English).toString(static_cast<quint64>(lane.events)));
        } else {
            refreshColumns();
            const auto slot = static_cast<std::size_t>(laneAt(at.y()) - m_firstLane);
            lines << tr("%1, for %2")
                         .arg(timeText(timeAt(at.x()), m_window.columnNs()), durationText(m_window.columnNs()));
            if (slot < m_columns.slots())
                lines << countsText(m_columns.at(slot, columnAt(at.x())));
        }
    }
    for (QString &line : lines)
        line = line.toHtmlEscaped();
    return lines.isEmpty() ? QString() : QStringLiteral("<qt>%1</qt>").arg(lines.join(QStringLiteral("<br>")));
}

} // namespace eventops
