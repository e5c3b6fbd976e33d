use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_000_000 + seconds, 0).unwrap()
}

fn attempt(channel: Method, class: FailureClass, number: u32) -> Attempt {
    Attempt {
        channel,
        urgency: Urgency::Code,
        class,
        number,
        ambiguous: 0,
        created_at: at(0),
        give_up_at: at(0) + send_window(channel),
        retry_after: None,
        jitter: 128,
    }
}

/// The starts of all attempts, if each fails at once.
fn starts(channel: Method) -> Vec<i64> {
    starts_by(channel, || 128)
}

fn starts_by(channel: Method, mut jitter: impl FnMut() -> u8) -> Vec<i64> {
    let mut now = at(0);
    let mut starts = vec![0];
    for number in 1.. {
        let failed = Attempt { jitter: jitter(), ..attempt(channel, FailureClass::RetrySafe, number) };
        match after_failure(&failed, now) {
            Next::At(next) => {
                starts.push((next - at(0)).num_seconds());
                now = next;
            }
            Next::Fail => panic!("a safe retry never fails"),
            Next::Expire => break,
        }
    }
    starts
}

#[test]
fn a_code_by_mail_is_tried_for_five_minutes() {
    assert_eq!(starts(Method::Email), [0, 2, 7, 22, 52, 97, 157, 217, 277, 290]);
}

#[test]
fn a_code_by_text_is_tried_for_ninety_seconds() {
    assert_eq!(starts(Method::Sms), [0, 2, 7, 22, 52, 80]);
}

#[test]
fn no_chance_makes_an_attempt_follow_the_one_before_without_a_wait() {
    for channel in [Method::Email, Method::Sms] {
        // All early, all late, by turns, and in turns of three.
        for early in [[0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1], [0, 1, 0, 1, 0, 1], [1, 0, 0, 1, 0, 0]] {
            let mut dice = early.iter().cycle().map(|early| if *early == 1 { 0 } else { 255 });
            let starts = starts_by(channel, || dice.next().unwrap());
            assert_eq!(starts.len(), if channel == Method::Email { 10 } else { 6 });
            assert!(starts.windows(2).all(|two| two[0] < two[1]), "{starts:?}");
        }
    }
}

#[test]
fn nothing_starts_within_ten_seconds_of_the_end() {
    let late = attempt(Method::Email, FailureClass::RetrySafe, 9);
    assert_eq!(after_failure(&late, at(290)), Next::Expire);
}

#[test]
fn a_wait_that_was_asked_for_is_kept_or_the_message_expires() {
    let asked = Attempt {
        retry_after: Some(TimeDelta::seconds(3)),
        ..attempt(Method::Sms, FailureClass::RetrySafe, 1)
    };
    assert_eq!(after_failure(&asked, at(1)), Next::At(at(4)));
    let at_once = Attempt { retry_after: Some(TimeDelta::zero()), ..asked };
    assert!(matches!(after_failure(&at_once, at(0)), Next::At(start) if start > at(1)), "as planned");
    let too_long = Attempt { retry_after: Some(TimeDelta::seconds(600)), ..asked };
    assert_eq!(after_failure(&too_long, at(1)), Next::Expire);
}

#[test]
fn a_text_that_was_perhaps_sent_is_sent_once_more_and_no_third_time() {
    let once = Attempt { ambiguous: 1, ..attempt(Method::Sms, FailureClass::Ambiguous, 1) };
    assert_eq!(after_failure(&once, at(1)), Next::At(at(6)));
    assert_eq!(after_failure(&Attempt { ambiguous: 2, ..once }, at(6)), Next::Fail);
}

#[test]
fn a_code_is_not_sent_in_its_last_two_minutes() {
    assert_eq!(code_give_up_at(Method::Email, at(600), at(0)), at(300));
    assert_eq!(code_give_up_at(Method::Email, at(300), at(0)), at(180));
}

#[test]
fn letters_wait_longer_each_time_up_to_a_quarter_of_an_hour() {
    assert_eq!([1, 2, 3, 20].map(letter_wait), [5, 10, 20, 900]);
}

#[test]
fn chance_spreads_a_wait_by_a_fifth_either_way() {
    for (jitter, milliseconds) in [(0, 8_000), (51, 8_800), (204, 11_200), (255, 12_000)] {
        assert_eq!(spread(10, jitter), TimeDelta::milliseconds(milliseconds), "{jitter}");
    }
    // The first two seconds of a code's schedule, and of a letter's the first five.
    let code = Attempt { jitter: 0, ..attempt(Method::Email, FailureClass::RetrySafe, 1) };
    assert_eq!(after_failure(&code, at(0)), Next::At(at(0) + TimeDelta::milliseconds(1_600)));
    let second = Attempt { number: 2, jitter: 255, ..code };
    assert_eq!(after_failure(&second, at(3)), Next::At(at(8)));
    let letter = Attempt { urgency: Urgency::Letter, give_up_at: at(86_400), ..code };
    assert_eq!(after_failure(&letter, at(100)), Next::At(at(104)));
}

#[test]
fn an_attempt_that_is_late_already_starts_at_once() {
    let late = attempt(Method::Email, FailureClass::RetrySafe, 1);
    assert_eq!(after_failure(&late, at(60)), Next::At(at(60)));
}

#[test]
fn the_last_start_is_ten_seconds_before_the_end_and_may_be_wished_for() {
    let wish = |seconds| Attempt {
        retry_after: Some(TimeDelta::seconds(seconds)),
        ..attempt(Method::Sms, FailureClass::RetrySafe, 1)
    };
    assert_eq!(after_failure(&wish(80), at(0)), Next::At(at(80)));
    assert_eq!(after_failure(&wish(81), at(0)), Next::Expire);
    let unwished = attempt(Method::Sms, FailureClass::RetrySafe, 9);
    assert_eq!(after_failure(&unwished, at(60)), Next::At(at(80)));
    let sooner = Attempt { number: 9, ..wish(1) };
    assert_eq!(after_failure(&sooner, at(60)), Next::At(at(80)), "after the schedule there is only the last");
}

#[test]
fn what_a_failure_was_decides_whether_anything_is_tried_again() {
    for class in FailureClass::ALL {
        let code = attempt(Method::Email, class, 1);
        let letter = Attempt { urgency: Urgency::Letter, give_up_at: at(86_400), ..code };
        let (of_code, of_letter) = (after_failure(&code, at(0)), after_failure(&letter, at(0)));
        match class {
            FailureClass::RetrySafe | FailureClass::Deferred | FailureClass::Ambiguous => {
                assert!(matches!((of_code, of_letter), (Next::At(_), Next::At(_))), "{class:?}");
            }
            FailureClass::ConfigAuth | FailureClass::ConfigSender | FailureClass::ConfigAccount => {
                assert!(matches!((of_code, of_letter), (Next::Fail, Next::At(_))), "{class:?}");
            }
            FailureClass::Expired => assert_eq!((of_code, of_letter), (Next::Expire, Next::Expire)),
            FailureClass::BadRecipient
            | FailureClass::OptedOut
            | FailureClass::RegionBlocked
            | FailureClass::Filtered
            | FailureClass::Bug => assert_eq!((of_code, of_letter), (Next::Fail, Next::Fail), "{class:?}"),
        }
    }
}

#[test]
fn a_text_message_never_waits_for_a_letter() {
    for (channel, urgency, lane, leaves_by) in [
        (Method::Email, Urgency::Code, Lane::MailedCodes, Method::Email),
        (Method::Sms, Urgency::Code, Lane::TextedCodes, Method::Sms),
        (Method::Email, Urgency::Letter, Lane::Letters, Method::Email),
    ] {
        assert_eq!(Lane::of(channel, urgency), lane);
        assert_eq!(lane.channel(), leaves_by);
    }
}

#[test]
fn the_words_in_the_database_are_read_back() {
    for state in MessageState::ALL {
        assert_eq!(MessageState::stored(state.as_str()), Some(state));
    }
    for class in FailureClass::ALL {
        assert_eq!(FailureClass::stored(class.as_str()), Some(class));
    }
    assert_eq!((MessageState::stored("lost"), FailureClass::stored("")), (None, None));
}
