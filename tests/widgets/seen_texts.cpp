// SPDX-License-Identifier: MIT
#include "tests/widgets/seen_texts.h"

#include "widgets/shell/view_dock.h"

#include <QAbstractButton>
#include <QAbstractScrollArea>
#include <QComboBox>
#include <QGraphicsTextItem>
#include <QGraphicsView>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenuBar>
#include <QQuickItem>
#include <QQuickWidget>
#include <QStyle>
#include <QStyleOption>
#include <QTabBar>
#include <QTextDocument>

#include <algorithm>

namespace eventops::test {
namespace {

constexpr double Hair = 1.5; ///< Pixels: what rounding and side bearings may take.
constexpr double LineSpareShare = 0.3;

/// Collects the texts of one window.
class Collector
{
public:
    explicit Collector(const QWidget &window) : m_window(window) {}

    void visit(const QWidget &widget)
    {
        if (!widget.isVisible())
            return;
        if (const auto *quick = qobject_cast<const QQuickWidget *>(&widget)) {
            if (quick->rootObject() != nullptr)
                visitItem(*quick, *quick->rootObject(), QRectF(quick->rect()), false);
            return;
        }
        take(widget);
        for (const QObject *child : widget.children()) {
            const auto *part = qobject_cast<const QWidget *>(child);
            if (part != nullptr && !part->isWindow())
                visit(*part);
        }
    }
    std::vector<SeenText> texts;
    QStringList misfits; ///< What is not as big as it says.

private:
    struct Place {
        QRectF rect;    ///< Of the letters, in the widget's coordinates.
        double missing = 0.0, spare = 0.0;
    };

    QRectF inWindow(const QWidget &widget, const QRectF &rect) const
    {
        return rect.translated(widget.mapTo(&m_window, QPoint()));
    }

    static QString viewOf(const QWidget &widget)
    {
        for (const QWidget *at = &widget; at != nullptr; at = at->parentWidget()) {
            if (const auto *dock = qobject_cast<const ViewDock *>(at))
                return dock->spec().id;
        }
        return QStringLiteral("shell");
    }

    void add(const QWidget &widget, const QString &text, const Place &place, bool mayScroll = true)
    {
        if (text.trimmed().isEmpty())
            return;
        QRectF clip(m_window.rect());
        bool scrolls = false;
        for (const QWidget *at = &widget; at != &m_window; at = at->parentWidget()) {
            clip &= inWindow(*at, QRectF(at->rect()));
            const bool inScrollArea = qobject_cast<const QAbstractScrollArea *>(at->parentWidget()) != nullptr;
            scrolls = scrolls || (mayScroll && inScrollArea);
        }
        const QRectF rect = inWindow(widget, place.rect);
        const QRectF seen = rect & clip;
        if (seen.isEmpty())
            return;
        texts.push_back({text, viewOf(widget) + QLatin1Char(' ') + QLatin1String(widget.metaObject()->className()),
                         rect, seen, place.missing, place.spare, scrolls});
    }

    /// Where @p size stands in @p room.
    static QRectF aligned(const QRectF &room, QSizeF size, Qt::Alignment alignment)
    {
        const QRect at = QStyle::alignedRect(Qt::LeftToRight, alignment, size.toSize(), room.toRect());
        return QRectF(at);
    }

    static Place lineIn(const QFontMetrics &metrics, const QString &text, const QRectF &room, Qt::Alignment alignment)
    {
        const QSizeF size(metrics.horizontalAdvance(text), metrics.height());
        return {aligned(room, size, alignment), std::max(0.0, size.width() - room.width()), 0.0};
    }

    void take(const QWidget &widget)
    {
        if (const auto *label = qobject_cast<const QLabel *>(&widget))
            takeLabel(*label);
        else if (const auto *button = qobject_cast<const QAbstractButton *>(&widget))
            takeButton(*button);
        else if (const auto *edit = qobject_cast<const QLineEdit *>(&widget))
            takeEdit(*edit);
        else if (const auto *combo = qobject_cast<const QComboBox *>(&widget))
            takeHinted(*combo, combo->currentText(), Qt::AlignLeft | Qt::AlignVCenter);
        else if (const auto *header = qobject_cast<const QHeaderView *>(&widget))
            takeHeader(*header);
        else if (const auto *bar = qobject_cast<const QTabBar *>(&widget))
            takeTabs(*bar);
        else if (const auto *scene = qobject_cast<const QGraphicsView *>(&widget))
            takeScene(*scene);
    }

    /// What charts say. They cut a text by writing dots at its end.
    void takeScene(const QGraphicsView &view)
    {
        for (QGraphicsItem *item : view.items()) {
            auto *words = qgraphicsitem_cast<QGraphicsTextItem *>(item);
            if (words == nullptr || !words->isVisible())
                continue;
            const double margin = words->document()->documentMargin();
            const QRectF inside = words->boundingRect().adjusted(margin, margin, -margin, -margin);
            const QString text = words->toPlainText();
            Place place{QRectF(view.mapFromScene(words->mapToScene(inside)).boundingRect()), 0.0, 0.0};
            if (text.endsWith(QStringLiteral("...")))
                place.missing = 2 * Hair;
            add(*view.viewport(), text, place, false);
        }
    }

    void takeLabel(const QLabel &label)
    {
        const int margin = label.margin();
        const QRectF room = QRectF(label.contentsRect()).adjusted(margin, margin, -margin, -margin);
        const int flags = static_cast<int>(label.alignment()) | (label.wordWrap() ? Qt::TextWordWrap : 0)
                          | (label.buddy() != nullptr ? Qt::TextShowMnemonic : 0);
        const QRect needed = label.fontMetrics().boundingRect(room.toRect(), flags, label.text());
        Place place{QRectF(needed), std::max(needed.width() - room.width(), needed.height() - room.height()), 0.0};
        place.missing = std::max(0.0, place.missing);
        add(label, label.text(), place);
    }

    /// Of widgets that know how wide they want to be.
    void takeHinted(const QWidget &widget, const QString &text, Qt::Alignment alignment)
    {
        Place place = lineIn(widget.fontMetrics(), text, QRectF(widget.rect()), alignment);
        place.missing = std::max(0.0, double(widget.sizeHint().width() - widget.width()));
        add(widget, text, place);
    }

    void takeButton(const QAbstractButton &button)
    {
        QString text = button.text();
        if (button.property("toolButtonStyle").isValid()
            && button.property("toolButtonStyle").toInt() == Qt::ToolButtonIconOnly && !button.icon().isNull())
            text.clear();
        text.remove(QLatin1Char('&'));
        takeHinted(button, text, button.objectName() == QLatin1String("search") ? Qt::AlignLeft | Qt::AlignVCenter
                                                                                : Qt::AlignCenter);
    }

    void takeEdit(const QLineEdit &edit)
    {
        QStyleOptionFrame option;
        option.initFrom(&edit);
        const QRect room = edit.style()->subElementRect(QStyle::SE_LineEditContents, &option, &edit);
        const bool typed = !edit.text().isEmpty(); // may be longer than the field: it scrolls
        Place place = lineIn(edit.fontMetrics(), typed ? edit.text() : edit.placeholderText(), QRectF(room),
                             Qt::AlignLeft | Qt::AlignVCenter);
        if (typed) {
            place.rect &= QRectF(room);
            place.missing = 0.0;
        }
        add(edit, typed ? edit.text() : edit.placeholderText(), place);
    }

    /// A section's name is ours and short: whatever cuts it, it could be wider.
    void takeHeader(const QHeaderView &header)
    {
        for (int section = 0; section < header.count(); ++section) {
            if (header.isSectionHidden(section))
                continue;
            const QRectF room(header.sectionViewportPosition(section), 0, header.sectionSize(section), header.height());
            const QString text = header.model()->headerData(section, header.orientation()).toString();
            Place place = lineIn(header.fontMetrics(), text, room, header.defaultAlignment());
            place.missing = std::max(0.0, double(header.sectionSizeHint(section) - header.sectionSize(section)));
            place.spare = place.missing;
            add(header, text, place);
        }
    }

    void takeTabs(const QTabBar &bar)
    {
        for (int tab = 0; tab < bar.count(); ++tab) {
            const QRectF room(bar.tabRect(tab));
            Place place = lineIn(bar.fontMetrics(), bar.tabText(tab), room, Qt::AlignCenter);
            const double icon = bar.tabIcon(tab).isNull() ? 0.0 : bar.iconSize().width();
            place.missing = std::max(0.0, place.rect.width() + icon - room.width());
            add(bar, bar.tabText(tab), place);
        }
    }

    void visitItem(const QQuickWidget &quick, const QQuickItem &item, QRectF clip, bool scrolls)
    {
        if (!item.isVisible() || item.opacity() <= 0.0)
            return;
        scrolls = scrolls || item.inherits("QQuickFlickable");
        if (item.clip())
            clip &= item.mapRectToScene(item.boundingRect());
        if (item.inherits("QQuickText"))
            takeText(quick, item, clip, scrolls);
        const QVariant side = item.property("side"); // of an icon
        if (side.isValid() && (item.width() != side.toDouble() || item.height() != side.toDouble()))
            misfits << QStringLiteral("an icon of %1 takes %2x%3: %4 in %5")
                           .arg(side.toDouble())
                           .arg(item.width())
                           .arg(item.height())
                           .arg(item.property("name").toString(), viewOf(quick));
        for (const QQuickItem *child : item.childItems())
            visitItem(quick, *child, clip, scrolls);
    }

    /// Room to the right of @p item in its parent that no sibling takes.
    static double spareBeside(const QQuickItem &item)
    {
        const QQuickItem *parent = item.parentItem();
        double right = parent->width();
        for (const QQuickItem *other : parent->childItems()) {
            const bool besides = other->y() < item.y() + item.height() && item.y() < other->y() + other->height();
            if (other != &item && other->isVisible() && other->width() > 0 && besides
                && other->x() >= item.x() + item.width())
                right = std::min(right, other->x() - parent->property("spacing").toDouble());
        }
        return std::max(0.0, right - item.x() - item.width());
    }

    void takeText(const QQuickWidget &quick, const QQuickItem &item, const QRectF &clip, bool scrolls)
    {
        const QString text = item.property("text").toString();
        if (text.trimmed().isEmpty())
            return;
        const QSizeF size(item.property("contentWidth").toDouble(), item.property("contentHeight").toDouble());
        const double left = item.property("leftPadding").toDouble(), top = item.property("topPadding").toDouble();
        const QRectF room(left, top, item.width() - left - item.property("rightPadding").toDouble(),
                          item.height() - top - item.property("bottomPadding").toDouble());
        const Qt::Alignment alignment(item.property("horizontalAlignment").toInt()
                                      | item.property("verticalAlignment").toInt());
        const QRectF letters = item.mapRectToScene(aligned(room, size, alignment));
        const QPointF at = quick.mapTo(&m_window, QPoint());
        SeenText seen{text, viewOf(quick) + QStringLiteral(" item"), letters.translated(at),
                      (letters & clip).translated(at) & QRectF(m_window.rect()), 0.0, 0.0, scrolls};
        if (item.property("truncated").toBool()) {
            seen.missing = std::max(2 * Hair, item.implicitWidth() - item.width());
            seen.spare = spareBeside(item);
        }
        if (!seen.seen.isEmpty())
            texts.push_back(seen);
    }

    const QWidget &m_window;
};

QString shortly(const SeenText &text)
{
    constexpr int Characters = 40;
    return QStringLiteral("%1: \"%2\" at %3,%4 %5x%6")
        .arg(text.where, text.text.left(Characters))
        .arg(text.rect.x())
        .arg(text.rect.y())
        .arg(text.rect.width())
        .arg(text.rect.height());
}

} // namespace

bool SeenText::isWhole() const
{
    return !isCut() && seen.width() >= rect.width() - Hair && seen.height() >= rect.height() - Hair;
}

std::vector<SeenText> seenTexts(const QWidget &window)
{
    Collector collector(window);
    collector.visit(window);
    return std::move(collector.texts);
}

std::vector<SeenText> wholeTexts(const QWidget &window, const QString &part)
{
    std::vector<SeenText> found = seenTexts(window);
    std::erase_if(found, [&](const SeenText &text) { return !text.isWhole() || !text.text.contains(part); });
    return found;
}

bool isUnderWay(const QWidget &window)
{
    const std::vector<SeenText> texts = seenTexts(window);
    return std::any_of(texts.begin(), texts.end(), [](const SeenText &text) {
        return text.text.startsWith(QStringLiteral("Reading ")) || text.text.startsWith(QStringLiteral("Looking for "))
               || text.text.startsWith(QStringLiteral("Laying out "));
    });
}

QStringList layoutBreaches(const QWidget &window)
{
    Collector collector(window);
    collector.visit(window);
    QStringList breaches = collector.misfits;
    const std::vector<SeenText> &texts = collector.texts;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const SeenText &text = texts[i];
        const bool isItem = text.where.endsWith(QLatin1String(" item"));
        if (text.isCut() && (!isItem || text.spare >= text.missing))
            breaches << QStringLiteral("elided for want of %1 pixels although there is room: ").arg(text.missing)
                            + shortly(text);
        const QRectF &seen = text.seen;
        const bool cutAside = seen.width() < text.rect.width() - Hair;
        const bool cutBelow = seen.height() < text.rect.height() - Hair;
        if (!text.isCut() && !text.scrolls && (cutAside || cutBelow))
            breaches << QStringLiteral("clipped: ") + shortly(text);
        for (std::size_t j = 0; j < i; ++j) {
            const QRectF both = seen & texts[j].seen;
            // A line keeps room above and below its letters: so much of it may be shared.
            const double shared = std::min(text.rect.height(), texts[j].rect.height()) * LineSpareShare;
            if (both.width() > Hair && both.height() > shared)
                breaches << QStringLiteral("overlap: ") + shortly(text) + QStringLiteral(" and ") + shortly(texts[j]);
        }
    }
    return breaches;
}

} // namespace eventops::test
