// SPDX-License-Identifier: MIT
//
// What a person finds in a view of widgets or of QML.
#pragma once

#include <QtQuick/QQuickItem>
#include <QtQuickWidgets/QQuickWidget>
#include <QtTest/QtTest>
#include <QtWidgets/QLabel>

#include <set>

namespace eventops::test {

/// The texts of all visible labels within @p widget.
inline std::set<QString> wordsOf(const QWidget &widget)
{
    std::set<QString> out;
    for (const QLabel *label : widget.findChildren<QLabel *>()) {
        if (label->isVisible())
            out.insert(label->text());
    }
    return out;
}

/// @p root and all items below it.
inline QList<QQuickItem *> itemsOf(QQuickItem *root)
{
    QList<QQuickItem *> items{root};
    for (qsizetype i = 0; i < items.size(); ++i)
        items += items.at(i)->childItems();
    return items;
}

inline bool isSeen(const QQuickItem *item)
{
    for (; item != nullptr; item = item->parentItem()) {
        if (!item->isVisible())
            return false;
    }
    return true;
}

/// What a person can read, one text after the other.
inline QString textOf(const QQuickWidget &panel)
{
    QString text;
    for (const QQuickItem *item : itemsOf(panel.rootObject())) {
        if (isSeen(item) && item->property("text").isValid())
            text += item->property("text").toString() + QLatin1Char('\n');
    }
    return text;
}

inline QQuickItem *named(const QQuickWidget &panel, const char *name)
{
    for (QQuickItem *item : itemsOf(panel.rootObject())) {
        if (item->objectName() == QLatin1String(name))
            return item;
    }
    return nullptr;
}

/// Clicks on the middle of an item; false: it is not there to be seen.
inline bool clicked(QQuickWidget &panel, const char *name)
{
    const QQuickItem *item = named(panel, name);
    if (item == nullptr || !isSeen(item))
        return false;
    QTest::mouseClick(&panel, Qt::LeftButton, {}, item->mapToScene({item->width() / 2, item->height() / 2}).toPoint());
    return true;
}

/// Sentences for each text that is not plain or that sticks out of the panel sideways.
inline QStringList breachesOf(const QQuickWidget &panel)
{
    QStringList breaches;
    for (const QQuickItem *item : itemsOf(panel.rootObject())) {
        const QVariant format = item->property("textFormat");
        if (!format.isValid())
            continue;
        const QString text = item->property("text").toString();
        if (format.toInt() != Qt::PlainText)
            breaches += QStringLiteral("not plain: ") + text.left(40);
        const QRectF place = item->mapRectToScene(item->boundingRect());
        if (isSeen(item) && !text.isEmpty() && (place.left() < -0.5 || place.right() > panel.width() + 0.5))
            breaches += QStringLiteral("sticks out: ") + text.left(40);
    }
    return breaches;
}

} // namespace eventops::test
