# SPDX-License-Identifier: MIT
# bash completion for eventops

_eventops()
{
    local current previous command i
    COMPREPLY=()
    current=${COMP_WORDS[COMP_CWORD]}
    previous=${COMP_WORDS[COMP_CWORD-1]}
    case $previous in
        -w | --workspace) mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
        --pipeline) mapfile -t COMPREPLY < <(compgen -f -X '!*.y*ml' -- "$current"; compgen -d -- "$current"); return ;;
        --format)
            mapfile -t COMPREPLY < <(compgen -W "auto ndjson json text mapped karma.v1 karma.api.v1 monitoring.v1 eventops.agent
                chronos.raw" -- "$current")
            return ;;
        --workers) mapfile -t COMPREPLY < <(compgen -W "1 2 4 8" -- "$current"); return ;;
        --reason | --limit | --seed | --pace | --duration | --port) return ;;
        --host) mapfile -t COMPREPLY < <(compgen -W "127.0.0.1 ::1" -- "$current"); return ;;
    esac
    command=
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            -*) ;;
            *) command=${COMP_WORDS[i]}; break ;;
        esac
    done
    if [[ $current == -* ]]; then
        local options="--help"
        case $command in
            replay) options+=" --workspace --json --pipeline --format --workers --lake --speed --from --until --retain --follow" ;;
            export) options+=" --sql --workspace --attach --token-file --ca --json --filter --from --to --form --out --force" ;;
            merge) options+=" --json --pipeline --format --out --force" ;;
            retention) options+=" --workspace --json --dry-run" ;;
            backup) options+=" --workspace --json --to --verify" ;;
            detect) options+=" --json --header" ;;
            doctor) options+=" --workspace --attach --token-file --ca --explain --json --full" ;;
            capture) options+=" --json" ;;
            bench) options+=" --pipeline --format --workers" ;;
            run) options+=" --workspace --json --workers --lake" ;;
            lake) options+=" --workspace --json" ;;
            clickhouse) options+=" --workspace --json --url --database --user --password-file --allow-http --ttl-days
                --check" ;;
            group) options+=" --json --health-port --partitions --replication" ;;
            kafka) options+=" --workspace --json --brokers --security-protocol --sasl-mechanism --sasl-user
                --sasl-password-file --tls-ca-file --partitions --replication --no-topics --writer --mirror
                --legacy-top-level --legacy-key --publish --take-decisions --role --tenants --avro --schema-url --schema-user --schema-password-file" ;;
            validate) options+=" --json --schema --compatibility" ;;
            query) options+=" --workspace --attach --token-file --ca --json --limit --newest --mirror --legacy-top-level" ;;
            explain) options+=" --workspace --attach --token-file --ca --json" ;;
            entropy) options+=" --json --hdfs --process --nab --petshop --no-speed --graph --normal --issue --target --train --root
                --no-end" ;;
            aggregate) options+=" --workspace --attach --token-file --ca --json --by --every --filter" ;;
            approvals) options+=" --workspace --attach --token-file --ca --json --all --reason --no-wait" ;;
            graph) options+=" --workspace --attach --token-file --ca --json --type --to --to-type --tenant --depth --limit --within" ;;
            feedback) options+=" --workspace --reason" ;;
            deadletters) options+=" --workspace --attach --token-file --ca --json --format" ;;
            audit) options+=" --workspace --attach --token-file --ca --json" ;;
            rerun) options+=" --workspace --json --pipeline --stages --workers" ;;
            promote) options+=" --workspace --json --out" ;;
            test) options+=" --json --update" ;;
            report) options+=" --workspace --attach --token-file --ca" ;;
            transformer)
                options+=" --workspace --json --rules --shipped --script --transformers --port --kind --brokers --topic --dead-letter-topic"
                options+=" --security-protocol --sasl-mechanism --sasl-user --sasl-password-file --tls-ca-file --queue-url"
                options+=" --dead-letter-url --region --endpoint --visibility --announce-again --no-topics" ;;
            webhook) options+=" --workspace --json --send --filter --secret-env --secret-file --callback --ca --timeout-ms --allow-http --from-start" ;;
            intake) options+=" --workspace --json --proof --header --secret-env --secret-file" ;;
            sinks) options+=" --workspace --json --from-start" ;;
            serve) options+=" --workspace --json --port --ui-port --pipeline --host --listen --tls-cert --tls-key --host-name --captures --syslog --transformers --no-transform --read-only --insecure-loopback --demo-bus" ;;
            up) options+=" --workspace --json --brokers --port --ui-port --pipeline" ;;
            settings | status | urls) options+=" --workspace --json" ;;
            down | init | seed | logs) options+=" --workspace" ;;
            sql) options+=" --workspace --lake --clickhouse" ;;
            executor) options+=" --workspace --once" ;;
            demo) options+=" --workspace --json --seed --pace --duration --workers --approve" ;;
        esac
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
        return
    fi
    local words=
    case $command in
        '') words="run replay export merge capture detect validate report query explain graph aggregate sql lake clickhouse kafka webhook sinks intake transformer group approvals feedback executor serve settings deadletters
            up down status urls init seed logs audit rerun promote test retention backup doctor stages entropy bench demo" ;;
        aggregate) words="count min max mean sum p50 p90 p99" ;;
        query) words="events alerts deviations predictions findings held-back entities links actions" ;;
        entropy) words="score sessions process metrics rank-causes bench" ;;
        approvals) words="list show approve reject" ;;
        graph) words="neighbourhood dependencies downstream what-if orphans shortest-path recent-changes" ;;
        feedback) words="dismiss confirm budget" ;;
        deadletters) words="list show redrive" ;;
        audit) words="list verify" ;;
        capture) words="info" ;;
        retention) words="status run" ;;
        lake) words="build rebuild status" ;;
        clickhouse) words="init push status query" ;;
        kafka) words="init decider push pull status" ;;
        transformer) words="list test queue run" ;;
        webhook) words="add list test remove push retry status" ;;
        intake) words="add list remove" ;;
        sinks) words="list check push retry" ;;
        group) words="init run status" ;;
        replay | run | merge | detect | validate | bench | test) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o filenames -F _eventops eventops
