// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Theme

// A word or two in a frame.
Rectangle {
    property alias text: label.text
    property color tint: Theme.color.textMuted
    property string icon

    implicitWidth: row.implicitWidth + 2 * Theme.metric.space2
    implicitHeight: row.implicitHeight + Theme.metric.space1
    radius: height / 2
    color: "transparent"
    border.width: Theme.metric.border
    border.color: tint

    Row {
        id: row
        anchors.centerIn: parent
        spacing: Theme.metric.space1

        ThemeIcon {
            visible: parent.parent.icon !== ""
            name: parent.parent.icon
            tint: parent.parent.tint
            side: Theme.font.small
            anchors.verticalCenter: parent.verticalCenter
        }
        MutedText {
            id: label
            color: parent.parent.tint
        }
    }
}
