// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Templates as T
import EventOps.Theme

// A button with the key that does the same.
T.Button {
    id: button
    property bool isPrimary: false
    property string keyName
    property string iconName

    implicitWidth: leftPadding + contentItem.implicitWidth + rightPadding
    implicitHeight: Math.max(Theme.metric.laneHeight, topPadding + contentItem.implicitHeight + bottomPadding)
    leftPadding: Theme.metric.space3
    rightPadding: Theme.metric.space3
    topPadding: Theme.metric.space1
    bottomPadding: Theme.metric.space1
    font.family: Theme.font.family
    font.pixelSize: Theme.font.body
    opacity: enabled ? 1 : 0.5
    Accessible.name: text

    readonly property color ink: isPrimary ? Theme.color.accentText : Theme.color.text

    contentItem: Item {
        implicitWidth: row.implicitWidth
        implicitHeight: row.implicitHeight

        Row {
            id: row
            anchors.centerIn: parent
            spacing: Theme.metric.space2

            ThemeIcon {
                visible: button.iconName !== ""
                name: button.iconName
                tint: button.ink
                anchors.verticalCenter: parent.verticalCenter
            }
            PlainText {
                text: button.text
                color: button.ink
                font.weight: button.isPrimary ? Font.DemiBold : Font.Normal
                anchors.verticalCenter: parent.verticalCenter
            }
            PlainText {
                text: button.keyName
                visible: text !== ""
                color: button.ink
                font.pixelSize: Theme.font.small
                opacity: 0.8
                anchors.verticalCenter: parent.verticalCenter
            }
        }
    }
    background: Rectangle {
        radius: Theme.metric.radius
        color: button.isPrimary ? Theme.color.accent
             : button.down || button.hovered ? Theme.color.surfaceSunken : Theme.color.surfaceRaised
        border.width: button.visualFocus ? Theme.metric.border * 2 : Theme.metric.border
        border.color: button.visualFocus ? Theme.color.focus
                    : button.isPrimary ? Theme.color.accent : Theme.color.borderStrong
    }
}
