// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Templates as T
import EventOps.Theme

// One of a few words.
T.ComboBox {
    id: choice

    implicitWidth: Math.max(Theme.metric.space5 * 4, contentItem.implicitWidth + leftPadding + rightPadding)
    implicitHeight: Theme.metric.laneHeight - Theme.metric.space1
    leftPadding: Theme.metric.space2
    rightPadding: Theme.metric.space2 + Theme.metric.iconSize
    font.family: Theme.font.family
    font.pixelSize: Theme.font.body
    Accessible.description: displayText

    contentItem: PlainText {
        text: choice.displayText
        verticalAlignment: Text.AlignVCenter
    }
    indicator: ThemeIcon {
        name: "chevron-down"
        x: choice.width - width - Theme.metric.space1
        y: (choice.height - height) / 2
    }
    background: Rectangle {
        radius: Theme.metric.radius
        color: choice.down || choice.hovered ? Theme.color.surfaceSunken : Theme.color.surfaceRaised
        border.width: choice.visualFocus ? Theme.metric.border * 2 : Theme.metric.border
        border.color: choice.visualFocus ? Theme.color.focus : Theme.color.borderStrong
    }
    delegate: T.ItemDelegate {
        id: row
        required property var modelData
        required property int index
        width: choice.width
        implicitHeight: Theme.metric.rowHeight
        highlighted: choice.highlightedIndex === index
        contentItem: PlainText {
            leftPadding: Theme.metric.space2
            text: row.modelData
            color: row.highlighted ? Theme.color.selectionText : Theme.color.text
            verticalAlignment: Text.AlignVCenter
        }
        background: Rectangle { color: row.highlighted ? Theme.color.selection : "transparent" }
        Accessible.name: row.modelData
    }
    popup: T.Popup {
        y: choice.height
        width: choice.width
        implicitHeight: Math.min(contentItem.implicitHeight + 2 * Theme.metric.border, Theme.metric.rowHeight * 10)
        padding: Theme.metric.border
        contentItem: ListView {
            clip: true
            implicitHeight: contentHeight
            model: choice.popup.visible ? choice.delegateModel : null
            currentIndex: choice.highlightedIndex
            boundsBehavior: Flickable.StopAtBounds
            T.ScrollBar.vertical: ScrollMark {}
        }
        background: Rectangle {
            radius: Theme.metric.border * 3
            color: Theme.color.surfaceRaised
            border.width: Theme.metric.border
            border.color: Theme.color.borderStrong
        }
    }
}
