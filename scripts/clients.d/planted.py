"""Small clients with exactly one known mistake, with a mistake that no server can see, and with
none: the mock has to name the first, to leave the second open, and to leave the third alone.

Waits are a tenth of what they would be; what makes a mistake of them is their relation.
"""

import random
import time
from concurrent.futures import ThreadPoolExecutor

from asking import (
    Client, again, doubling, each, full_jitter, passing, polite, spread, together, whole,
)
from mock import Mock

PLANTED = []
CLIENTS_AT_ONCE = 6
# What a refusal takes, so that requests of the same moment are under way together.
REFUSAL_MS = 60
FAST = "decode_tokens_per_second = 1000000\nrefusal_ms = 0"
EXTRA = {
    "slow": f"[latency]\nfirst_token_ms = 200\n{FAST}",
    "narrow": f"[latency]\nfirst_token_ms = 300\n{FAST}\n[limits]\nconcurrent_requests = 4",
}


def plant(verdict, *findings, fault=(), when="", mock="", outcome=""):
    """Registers a client with what has to be said of it, and the trouble that it meets."""

    def keep(run):
        PLANTED.append((run, verdict, set(findings), list(fault), when, mock, outcome))
        return run

    return keep


def status(number, *more):
    """A fault that answers with a status."""
    return ['kind = "status"', f"status = {number}", *more]


TWICE, THRICE, ONCE = "first_attempts = 2", "first_attempts = 3", "first_attempts = 1"
RESET, HANG = (['kind = "wire"', f"what = {{ {what} = {{}} }}"] for what in ("reset", "hang"))
CUT = ['kind = "wire"', "what = { reset = { after_body_bytes = 1200 } }"]
BROKEN = ['kind = "stream"', "what = { error_event = { after_deltas = 2, status = 529 } }"]
SHORT = ['kind = "semantic"', "what = { truncated = { after_tokens = 5 } }"]
NO_MONEY = status(429, "should_retry = false", 'error_code = "enforced_spend_limit_reached"')

# --- one mistake ---------------------------------------------------------------------------------


@plant("faulty", "no_backoff", fault=status(529), when=THRICE)
def same_wait_each_time(api):
    wait = lambda *_: random.uniform(0.1, 0.12)
    spread(lambda n: again(lambda _: api.ask(n), wait))


@plant("faulty", "no_backoff", "no_jitter", fault=status(529), when=THRICE)
def no_wait_at_all(api):
    each(lambda n: again(lambda _: api.ask(n), lambda *_: 0))


@plant("faulty", "no_backoff", fault=status(529), when=THRICE)
def shrinking_waits(api):
    wait = lambda attempt, _: random.uniform(0.3, 0.4) / 2**attempt
    spread(lambda n: again(lambda _: api.ask(n), wait))


@plant("faulty", "no_jitter", fault=status(529), when=TWICE)
def doubles_without_jitter(api):
    spread(lambda n: again(lambda _: api.ask(n), doubling(0.4, jitter=0)), 10, over_s=4)


@plant("faulty", "synchronised_retries", "no_jitter", fault=status(529), when=TWICE)
def workers_come_back_together(api):
    together(lambda n: again(lambda _: api.ask(n), doubling(0.4, jitter=0)))


@plant("faulty", "ignored_retry_after", fault=status(429, "retry_after_s = 2"), when=TWICE)
def does_not_read_retry_after(api):
    spread(lambda n: again(lambda _: api.ask(n), doubling()))


@plant("faulty", "ignored_retry_after", fault=status(429, "retry_after_s = 1"), when=ONCE)
def waits_half_of_what_is_asked(api):
    half = lambda _, answer: float(answer.headers["retry-after"]) / 2 + random.random() / 4
    spread(lambda n: again(lambda _: api.ask(n), half))


@plant("faulty", "retried_unretryable", fault=status(400), when=TWICE)
def repeats_a_bad_request(api):
    spread(lambda n: again(lambda _: api.ask(n), doubling()))


@plant("faulty", "retried_unretryable", fault=status(401))
def repeats_with_a_wrong_key(api):
    spread(lambda n: again(lambda _: api.ask(n), doubling(), most=3))


@plant("faulty", "retried_unretryable", fault=status(403))
def repeats_what_is_forbidden(api):
    spread(lambda n: again(lambda _: api.ask(n), doubling(), most=3))


@plant("faulty", "retried_unretryable", fault=status(413))
def repeats_what_is_too_large(api):
    spread(lambda n: again(lambda _: api.ask(n), doubling(), most=2))


@plant("faulty", "retried_unretryable", fault=status(529, "should_retry = false"))
def does_not_read_x_should_retry(api):
    spread(lambda n: again(lambda _: api.ask(n), doubling(), most=3))


@plant("faulty", "retried_spend_limit", fault=NO_MONEY)
def repeats_without_money(api):
    spread(lambda n: again(lambda _: api.ask(n), doubling(), most=3))


@plant("faulty", "retry_storm", fault=status(529))
def never_gives_up(api):
    each(lambda n: again(lambda _: api.ask(n), doubling(cap=0.25, jitter=0.2), most=14), 1)


@plant("faulty", "retry_storm", fault=status(529))
def retries_around_retries(api):
    inner = lambda n: again(lambda _: api.ask(n), doubling(), most=3)
    spread(lambda n: again(lambda _: inner(n), doubling(0.3), most=3), 4)


@plant("faulty", "retry_storm", fault=status(529))
def everybody_tries_six_times(api):
    spread(lambda n: again(lambda _: api.ask(n), doubling(cap=0.5), most=6), 24)


@plant("faulty", "gave_up", fault=status(529), when=ONCE)
def gives_up_at_the_first_529(api):
    each(api.ask)


@plant("faulty", "gave_up", fault=status(429, "retry_after_s = 1"), when=ONCE)
def gives_up_at_the_first_429(api):
    each(api.ask)


@plant("faulty", "gave_up", fault=RESET, when=ONCE)
def gives_up_at_the_first_reset(api):
    each(api.ask)


@plant("faulty", "closed_early", mock="slow")
def does_not_wait_for_the_answer(api):
    each(lambda n: api.ask(n, timeout=0.05))


@plant("faulty", "concurrency_above_limit", mock="narrow")
def sends_more_than_is_allowed(api):
    for turn in range(3):
        ask = lambda n: again(lambda _: api.ask(12 * turn + n), polite(0.3), most=3)
        together(ask, 12)
        time.sleep(0.6)


# --- a mistake that a server cannot see ----------------------------------------------------------


@plant("unproved", fault=CUT, when=ONCE, outcome="cut")
def keeps_a_stream_that_was_cut(api):
    each(lambda n: api.ask(n, stream=True))


@plant("unproved", fault=BROKEN, when=ONCE, outcome="cut")
def takes_an_error_event_for_an_answer(api):
    each(lambda n: api.ask(n, stream=True))


@plant("unproved", fault=SHORT, when=ONCE, outcome="truncated")
def keeps_a_truncated_answer(api):
    each(api.ask)


@plant("unproved", fault=HANG, when=ONCE, outcome="abandoned")
def hangs_until_it_is_killed(api):
    together(lambda n: api.ask(n, timeout=1))


@plant("clean", outcome="asked_again")
def pays_twice_for_the_same_question(api):
    each(lambda n: [api.ask(n), api.ask(n)], 10)


# --- no mistake ----------------------------------------------------------------------------------


@plant("clean")
def never_in_trouble(api):
    spread(api.ask)


@plant("clean")
def thirty_users_with_one_prompt(api):
    together(lambda _: api.ask(0), 30)


@plant("unproved", fault=status(529), when="first_attempts = 30", outcome="unclear")
def thirty_users_with_one_prompt_in_trouble(api):
    together(lambda _: again(lambda _: api.ask(0), full_jitter()), 30)


@plant("clean", fault=status(529), when="first_attempts = 30")
def thirty_users_of_an_sdk(api):
    def ask(attempt):
        return api.ask(0, headers={"x-stainless-retry-count": str(attempt)})

    together(lambda _: again(ask, doubling(0.4)), 30)


@plant("clean", fault=status(529), when=TWICE)
def retries_as_an_sdk_does(api):
    together(lambda n: again(lambda _: api.ask(n), doubling(0.4, jitter=0.25), most=3))


@plant("clean", fault=status(529), when="first_attempts = 7")
def has_patience(api):
    spread(lambda n: again(lambda _: api.ask(n), doubling(0.15, cap=2.5), most=8), 4)


@plant("clean", fault=status(529), when=THRICE)
def waits_with_full_jitter(api):
    spread(lambda n: again(lambda _: api.ask(n), full_jitter(0.3)))


@plant("clean", fault=status(529), when=THRICE)
def waits_with_decorrelated_jitter(api):
    def ask(n):
        last = 0.1
        for _ in range(4):
            if api.ask(n).status == 200:
                return
            last = min(2, random.uniform(0.1, last * 3))
            time.sleep(last)

    spread(ask)


@plant("clean", fault=status(529), when=TWICE)
def sixty_workers_with_jitter(api):
    together(lambda n: again(lambda _: api.ask(n), full_jitter(0.5)), 60)


@plant("clean", fault=status(429, "retry_after_s = 1"), when=TWICE)
def obeys_retry_after(api):
    together(lambda n: again(lambda _: api.ask(n), polite()))


@plant("clean", fault=status(429, "retry_after_ms = 300", "retry_after_s = 5"), when=TWICE)
def obeys_the_milliseconds(api):
    together(lambda n: again(lambda _: api.ask(n), polite()))


@plant("clean", fault=NO_MONEY)
def stops_without_money(api):
    each(lambda n: again(lambda _: api.ask(n), polite()))


@plant("clean", fault=status(400))
def stops_at_a_bad_request(api):
    each(lambda n: again(lambda _: api.ask(n), polite()))


@plant("clean", fault=status(400), when=ONCE)
def asks_for_less_after_a_400(api):
    each(lambda n: api.ask(n).status == 200 or api.ask(n, max_tokens=200))


@plant("clean", fault=status(401), when=ONCE)
def takes_another_key_after_a_401(api):
    each(lambda n: api.ask(n).status == 200 or api.ask(n, key="fresh"))


@plant("clean", fault=status(413), when=ONCE)
def asks_a_shorter_question_after_a_413(api):
    each(lambda n: api.ask(f"def long{n}(): ...\n" * 9).status == 200 or api.ask(n))


@plant("clean", fault=status(529, ), when='model = "claude-opus*"')
def takes_another_model_after_a_529(api):
    each(lambda n: api.ask(n, model="claude-opus-4-6").status == 200 or api.ask(n))


@plant("clean", fault=CUT, when=ONCE)
def asks_again_after_a_cut(api):
    ask = lambda n: again(lambda _: api.ask(n, stream=True), doubling(), good=whole)
    spread(ask)


@plant("clean", fault=HANG, when=ONCE)
def asks_again_after_a_timeout(api):
    together(lambda n: again(lambda _: api.ask(n, timeout=0.5), full_jitter(0.4)))


@plant("clean", fault=SHORT, when=ONCE)
def asks_for_more_after_a_truncated_answer(api):
    each(lambda n: (api.ask(n), api.ask(n, max_tokens=1000)))


@plant("clean")
def asks_a_follow_up_question(api):
    def talk(n):
        said = [{"role": "user", "content": f"def f{n}(): ...\n"}]
        said += [{"role": "assistant", "content": api.ask(n).body[:80]}]
        api.ask("And an example?", turns=said)

    each(talk)


@plant("clean")
def takes_five_samples_of_each(api):
    each(lambda n: together(lambda _: api.ask(n), 5), 5)


@plant("unproved")
def checks_its_health(api):
    each(lambda _: (api.send("/v1/models"), api.send("/health"), time.sleep(0.02)), 25)


@plant("clean")
def polls_a_batch(api):
    params = {"model": "claude-sonnet-4-6", "max_tokens": 50}
    params["messages"] = [{"role": "user", "content": "hello"}]
    api.send("/v1/messages/batches", {"requests": [{"custom_id": "a", "params": params}]})
    each(lambda _: (api.send("/v1/messages/batches"), time.sleep(0.02)), 25)
    each(api.ask)


@plant("clean", mock="narrow")
def halves_what_it_sends(api):
    ask = lambda n: again(lambda _: api.ask(n), polite(0.6))
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(ask, range(6)))
    time.sleep(1.2)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(ask, range(10, 30)))


# --- the proof -----------------------------------------------------------------------------------


def judge(mocks, plant, last):
    """Runs one client and compares; says whether the verdict is right."""
    run, verdict, findings, _, _, where, outcome = plant
    mock, job = mocks[where], run.__name__
    run(Client(mock.url, job))
    time.sleep(0.3)  # A connection that a client closes is noticed a moment later.
    said = mock.about("verdict", job, ended="true")
    found = {finding["name"] for finding in said["findings"]}
    counted = not outcome or said["outcomes"].get(outcome, 0) > 0
    good = said["verdict"] == verdict and found == findings and counted
    shown = f"planted · {job}: {said['verdict']} {' '.join(sorted(found))}"
    if good:
        print(f"ok   {shown}", flush=True)
    elif last:
        wanted = f"not {verdict} {' '.join(sorted(findings))} {outcome}"
        print(f"FAIL {shown}, {wanted}\n     {said['outcomes']}", flush=True)
    return good


def configuration():
    """Every trouble as a fault that only its client meets."""
    lines = []
    for run, _, _, fault, when, _, _ in PLANTED:
        if fault:
            also = f", {when}" if when else ""
            lines += ["[[fault]]", *fault, f'when = {{ job = "{run.__name__}"{also} }}']
    return lines


def pass_over(binary, plants, at_once, last):
    """Judges these clients: those that came out wrong."""
    with (
        Mock(binary, configuration(), REFUSAL_MS) as plain,
        Mock(binary, [EXTRA["slow"]]) as slow,
        Mock(binary, [EXTRA["narrow"]]) as narrow,
    ):
        mocks = {"": plain, "slow": slow, "narrow": narrow}
        # Those that share a limit take turns.
        shared = [plant for plant in plants if plant[5] == "narrow"]
        others = [plant for plant in plants if plant[5] != "narrow"]
        with ThreadPoolExecutor(at_once) as pool:
            good = list(pool.map(lambda plant: judge(mocks, plant, last), others))
        good += [judge(mocks, plant, last) for plant in shared]
    return [plant for plant, right in zip(others + shared, good) if not right]


def kind_of(plant):
    """What is wrong with a client, in a word."""
    _, verdict, *_, outcome = plant
    if verdict == "faulty":
        return "planted: a mistake"
    return "planted: unseen" if outcome and outcome != "unclear" else "planted: no mistake"


def prove(binary):
    """How many of the planted clients are judged as they should be, by what is wrong with them."""
    wrong = pass_over(binary, PLANTED, CLIENTS_AT_ONCE, False)
    # A machine that has too much to do blurs waits: once more, one by one.
    wrong = wrong and pass_over(binary, wrong, 1, True)
    right = {}
    for plant in PLANTED:
        good, all_ = right.get(kind_of(plant), (0, 0))
        right[kind_of(plant)] = (good + (plant not in wrong), all_ + 1)
    return right
