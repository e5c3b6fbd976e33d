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
