// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Theme

// A key as it looks on a keyboard, and what it does.
Row {
    id: hint
    property string keyName
    property string does

    spacing: Theme.metric.space1

    Rectangle {
        implicitWidth: Math.max(cap.implicitWidth + Theme.metric.space2, implicitHeight)
        implicitHeight: cap.implicitHeight + Theme.metric.space1
        radius: Theme.metric.space1
        color: Theme.color.surfaceRaised
        border.width: Theme.metric.border
        border.color: Theme.color.borderStrong
        anchors.verticalCenter: parent.verticalCenter

        MutedText {
            id: cap
            anchors.centerIn: parent
            text: hint.keyName
            color: Theme.color.text
        }
    }
    MutedText {
        text: hint.does
        visible: text !== ""
        anchors.verticalCenter: parent.verticalCenter
    }
}
