// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Theme

// A name and its value, aligned with its neighbours by a common width of the name.
RowLayout {
    id: row
    property alias name: label.text
    property alias value: content.text
    property int nameWidth: Theme.metric.space5 * 5
    property bool isMono: false

    spacing: Theme.metric.space2

    MutedText {
        id: label
        Layout.preferredWidth: row.nameWidth
        Layout.alignment: Qt.AlignTop
        wrapMode: Text.Wrap
    }
    PlainText {
        id: content
        Layout.fillWidth: true
        wrapMode: Text.Wrap
        maximumLineCount: Theme.metric.space2
        font.family: row.isMono ? Theme.font.mono : Theme.font.family
        font.pixelSize: row.isMono ? Theme.font.small : Theme.font.body
    }
}
