// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Theme

// One number of the equation, with its sign and its name.
Row {
    id: term
    property string sign
    property string label
    property string value
    property bool isLoss: false
    readonly property bool isNone: value === "0"

    spacing: Theme.metric.space3
    Accessible.role: Accessible.StaticText
    Accessible.name: sign + " " + value + " " + label

    PlainText {
        text: term.sign
        visible: text !== ""
        color: Theme.color.textMuted
        font.pixelSize: Theme.font.title
    }
    Column {
        PlainText {
            text: term.value
            font.pixelSize: Theme.font.title
            font.family: Theme.font.mono
            color: term.isNone ? Theme.color.textMuted : term.isLoss ? Theme.color.severityWarning : Theme.color.text
        }
        MutedText { text: term.label }
    }
}
