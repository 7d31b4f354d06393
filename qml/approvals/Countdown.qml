// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Theme

// The time left to decide, by the workspace clock.
Column {
    id: countdown
    property string remaining
    property real share: 1
    property bool isUrgent: false
    readonly property color ink: isUrgent ? Theme.color.severityCritical : Theme.color.textMuted

    spacing: Theme.metric.space1
    Accessible.role: Accessible.ProgressBar
    Accessible.name: qsTr("%1 left to decide").arg(remaining)

    Row {
        id: words
        spacing: Theme.metric.space1
        anchors.right: parent.right

        ThemeIcon {
            name: countdown.isUrgent ? "hourglass" : "clock"
            tint: countdown.ink
            side: Theme.font.body
            anchors.verticalCenter: parent.verticalCenter
        }
        MutedText {
            text: qsTr("%1 left").arg(countdown.remaining)
            color: countdown.ink
        }
    }
    Rectangle {
        width: Math.max(words.implicitWidth, Theme.metric.space5 * 3)
        height: Theme.metric.border * 2
        radius: height / 2
        color: Theme.color.border

        Rectangle {
            width: parent.width * countdown.share
            height: parent.height
            radius: parent.radius
            color: countdown.isUrgent ? Theme.color.severityCritical : Theme.color.accent
        }
    }
}
