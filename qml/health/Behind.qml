// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Theme

// What has not got what it should have yet: sinks, callbacks, sources that cannot be read, each with its reason.
ColumnLayout {
    id: block
    required property var troubles

    spacing: Theme.metric.space2

    SectionTitle { text: qsTr("Not up to date") }
    Repeater {
        model: block.troubles

        RowLayout {
            id: row
            required property string modelData

            spacing: Theme.metric.space2
            Layout.fillWidth: true

            ThemeIcon {
                name: "triangle-alert"
                tint: Theme.color.severityWarning
                side: Theme.metric.iconSize
                Layout.alignment: Qt.AlignTop
            }
            PlainText {
                text: row.modelData
                wrapMode: Text.Wrap
                Layout.fillWidth: true
            }
        }
    }
}
