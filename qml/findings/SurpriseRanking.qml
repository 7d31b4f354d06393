// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Models
import EventOps.Theme

// The entities whose findings in the selected span have the most bits.
ColumnLayout {
    id: ranking
    required property FindingsModel findings
    visible: findings.ranking.length > 0
    spacing: Theme.metric.space1

    SectionTitle { text: qsTr("Most surprising in the selection") }
    Repeater {
        model: ranking.findings.ranking

        RowLayout {
            id: row
            required property var modelData
            required property int index
            spacing: Theme.metric.space2
            Layout.fillWidth: true
            Accessible.role: Accessible.Button
            Accessible.name: qsTr("%1: %2, %3 bits in %4 findings").arg(index + 1).arg(modelData.target)
                .arg(modelData.bitsText).arg(modelData.findings)
            Accessible.onPressAction: ranking.findings.selectRanked(index)

            TapHandler { onTapped: ranking.findings.selectRanked(row.index) }

            KeyHint { keyName: String(row.index + 1) }
            PlainText {
                text: row.modelData.target
                Layout.fillWidth: true
                Layout.preferredWidth: 1
            }
            Rectangle {
                Layout.preferredWidth: Theme.metric.space5 * 3
                Layout.preferredHeight: Theme.metric.space2
                radius: Theme.metric.border * 2
                color: Theme.color.surfaceSunken

                Rectangle {
                    width: parent.width * row.modelData.share
                    height: parent.height
                    radius: parent.radius
                    color: Theme.color.accent
                }
            }
            MutedText {
                text: qsTr("%1 bits").arg(row.modelData.bitsText)
                horizontalAlignment: Text.AlignRight
                Layout.preferredWidth: Theme.metric.space5 * 3
            }
        }
    }
}
