// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Templates as T
import EventOps.Theme

// One line of text that a person gives.
T.TextField {
    id: field

    implicitHeight: Theme.metric.laneHeight
    leftPadding: Theme.metric.space2
    rightPadding: Theme.metric.space2
    topPadding: Theme.metric.space1
    bottomPadding: Theme.metric.space1
    verticalAlignment: TextInput.AlignVCenter
    color: Theme.color.text
    selectionColor: Theme.color.selection
    selectedTextColor: Theme.color.selectionText
    placeholderTextColor: Theme.color.textMuted
    font.family: Theme.font.family
    font.pixelSize: Theme.font.body
    selectByMouse: true

    PlainText { // the template draws none
        anchors.fill: parent
        anchors.leftMargin: field.leftPadding
        anchors.rightMargin: field.rightPadding
        text: field.placeholderText
        visible: field.text === "" && field.preeditText === ""
        color: Theme.color.textMuted
        verticalAlignment: Text.AlignVCenter
    }
    background: Rectangle {
        radius: Theme.metric.radius
        color: Theme.color.surface
        border.width: field.activeFocus ? Theme.metric.border * 2 : Theme.metric.border
        border.color: field.activeFocus ? Theme.color.focus : Theme.color.borderStrong
    }
}
