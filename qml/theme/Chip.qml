// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Theme

// A word or two in a frame.
Rectangle {
    id: chip
    property alias text: label.text
    property color tint: Theme.color.textMuted
    property string icon
    property real widthMax: implicitWidth // less than that cuts the text

    width: Math.min(implicitWidth, widthMax)
    implicitWidth: label.implicitWidth + 2 * Theme.metric.space2 + (mark.visible ? mark.width + row.spacing : 0)
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
            id: mark
            visible: chip.icon !== ""
            name: chip.icon
            tint: chip.tint
            side: Theme.font.small
            anchors.verticalCenter: parent.verticalCenter
        }
        MutedText {
            id: label
            color: chip.tint
            width: Math.min(implicitWidth, Math.max(0, chip.width - chip.implicitWidth + implicitWidth))
        }
    }
}
