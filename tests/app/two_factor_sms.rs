//! Two Factor Authentication by SMS: numbers as people type them, numbers that get no texts, and the countries.

use chrono::TimeDelta;

use crate::support::browser::{Browser, Page};
use crate::support::codes::Reading;
use crate::support::test_app::{Deeds, TestApp};

const PHONE: &str = "+12125550142";
const COUNTRIES: &str = "POSTERN_SMS_COUNTRIES";
const PROVIDER: &str = "POSTERN_SMS_PROVIDER";

async fn logged_in(app: &TestApp, name: &str) -> Browser {
    app.person(name).await;
    let browser = app.browser();
    browser.log_in(name).await;
    browser
}

/// Saves a number, typed like this with this country chosen.
async fn save(browser: &Browser, country: &str, phone: &str) -> Page {
    let form = browser.get("/profile/two-factor?change=yes").await.form("Save");
    form.select("method", "sms").select("country", country).fill("phone", phone).submit().await
}

#[actix_web::test]
async fn ada_gets_her_codes_as_texts() {
    let app = TestApp::start().await;
    let home = logged_in(&app, "ada").await;
    let page = home.get("/profile/two-factor").await;
    page.says("We only use it to send codes. Standard message and data rates may apply");
    let countries = [("US", "United States (+1)"), ("CA", "Canada (+1)")];
    let countries = countries.map(|(value, label)| (value.to_owned(), label.to_owned()));
    assert_eq!(page.form("Save").options("country"), countries);

    let page = save(&home, "US", "(212) 555-0142").await.follow().await;
    // In full here, to catch typing errors.
    page.says("SMS to +1 212-555-0142");
    let text = app.last_to(PHONE).await;
    let code = text.code.unwrap();
    assert!(text.text.starts_with(&format!("{code} is your Postern set-up code")), "{}", text.text);
    let page = page.form("Save").fill("code", &code).submit().await.follow().await;
    page.says("Two Factor Authentication is on").says("Codes go by SMS to ••• ••• 0142");

    let login = app.code_page("ada").await;
    assert_eq!(login.h1(), "Check your phone");
    login.says("••• ••• 0142").is_silent_about("212").is_silent_about("spam");
    let code = app.code_for(PHONE).await;
    assert_eq!(login.form("Log in").fill("code", &code).submit().await.follow().await.path(), "/profile");
}

#[actix_web::test]
async fn the_field_of_the_method_in_force_holds_the_number_in_full_and_every_other_place_hides_it() {
    let app = TestApp::start().await;
    let home = app.guarded_by_sms("ada", "416 555 0199", "+14165550199").await;
    let page = home.get("/profile/two-factor").await;
    let form = page.form("Save");
    assert_eq!(form.value("method").as_deref(), Some("sms"));
    // The number decided the country, and not the list.
    assert_eq!(form.value("country").as_deref(), Some("CA"));
    assert_eq!(form.value("phone").as_deref(), Some("(416) 555-0199"));
    page.says("Codes go by SMS to ••• ••• 0199").is_silent_about("416");
    home.get("/profile").await.is_silent_about("416").is_silent_about("555");

    let sent = app.sent().await.len();
    form.submit().await.follow().await.says("Nothing changed.");
    // Nor does the same number in another writing change anything.
    for typed in ["+1 416-555-0199", "1.416.555.0199", "４１６５５５０１９９"] {
        save(&home, "US", typed).await.follow().await.says("Nothing changed.");
    }
    assert_eq!(app.sent().await.len(), sent);
}

#[actix_web::test]
async fn a_number_is_taken_as_people_type_it() {
    let app = TestApp::start().await;
    for (n, typed) in [
        "2125550142",
        "212.555.0142",
        "1 212 555 0142",
        "+1 (212) 555-0142",
        " 212-555-0142 ",
        "011 1 212 555 0142",
        "２１２５５５０１４２",
    ]
    .into_iter()
    .enumerate()
    {
        let browser = logged_in(&app, &format!("ada{n}")).await;
        let page = save(&browser, "CA", typed).await.follow().await;
        page.says("SMS to +1 212-555-0142");
        page.form("Cancel").submit().await.expect(303);
    }
}

#[actix_web::test]
async fn a_number_that_gets_no_texts_is_refused_by_name_before_anything_is_sent() {
    let app = TestApp::start().await;
    let home = logged_in(&app, "ada").await;
    for (typed, message) in [
        ("", "Enter a mobile phone number"),
        ("876 555 0142", "This number is in Jamaica"),
        ("+1 876 555 0142", "This number is in Jamaica"),
        ("+44 7400 123456", "This number is in United Kingdom"),
        ("900 555 0142", "This is a premium-rate number"),
        ("800 555 0142", "This is a toll-free number"),
        ("888 555 0142", "This is a toll-free number"),
        ("911", "short number"),
        ("72345", "short number"),
        ("212 555 01", "Enter a mobile number with 10 digits after the country code"),
        ("212 555 01423", "Enter a mobile number with 10 digits after the country code"),
        ("1 800 FLOWERS", "without letters"),
        ("two one two", "without letters"),
        ("212 555 0142 ext. 7", "without an extension"),
        ("212 555 0142 x7", "without an extension"),
        ("+870 773 111 632", "This number belongs to no country"),
        ("123 456 7890", "number"),
        ("'; DROP TABLE accounts; --", "without letters"),
    ] {
        let page = save(&home, "US", typed).await.expect(422);
        let error = page.field_error("phone").unwrap_or_else(|| panic!("{typed}: {}", page.describe()));
        assert!(error.contains(message), "{typed}: {error}");
        assert_eq!(page.errors(), [error]);
        let form = page.form("Save");
        assert_eq!(form.value("phone").as_deref(), Some(typed.trim()), "what was typed comes back");
        assert_eq!(
            (form.value("method").as_deref(), form.value("country").as_deref()),
            (Some("sms"), Some("US"))
        );
    }
    assert_eq!(app.count("outbox").await, 0);
    assert!(home.get("/profile/two-factor").await.form("Save").has("method"), "nothing waits for a code");
}

#[actix_web::test]
async fn a_country_that_the_list_has_not_is_no_choice() {
    let app = TestApp::start().await;
    let home = logged_in(&app, "ada").await;
    let form = || async {
        let form = home.get("/profile/two-factor").await.form("Save");
        form.select("method", "sms").fill("phone", "212 555 0142")
    };
    for country in ["JM", "GB", "XX", "1", "' OR 1=1"] {
        form().await.forge("country", country).submit().await.expect(400);
    }
    form().await.repeat("country", "US").submit().await.expect(400);
    form().await.repeat("phone", "212 555 0143").submit().await.expect(400);
    assert_eq!(app.count("outbox").await, 0);
}

#[actix_web::test]
async fn the_operator_adds_countries() {
    let app = TestApp::with(&[(COUNTRIES, "GB,DE,US")]).await;
    let home = logged_in(&app, "ada").await;
    let form = home.get("/profile/two-factor").await.form("Save");
    let codes: Vec<_> = form.options("country").into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["GB", "DE", "US"]);
    let page = save(&home, "GB", "07400 123456").await.follow().await;
    page.says("SMS to +44 7400 123456");
    let code = app.code_for("+447400123456").await;
    let page = page.form("Save").fill("code", &code).submit().await.follow().await;
    page.says("Codes go by SMS to ••• ••• 3456");
    // Canada is not among them, +1 or not.
    save(&home, "US", "416 555 0199").await.expect(422).says("This number is in Canada");
}

#[actix_web::test]
async fn a_single_country_is_no_question() {
    let app = TestApp::with(&[(COUNTRIES, "CA")]).await;
    let home = logged_in(&app, "ada").await;
    let page = home.get("/profile/two-factor").await;
    page.says("Canada (+1)").is_silent_about("United States");
    let form = page.form("Save").select("method", "sms").fill("phone", "416 555 0199");
    form.submit().await.follow().await.says("SMS to +1 416-555-0199");
    let page = home.get("/profile/two-factor?change=yes").await;
    let page = page.form("Save").fill("phone", "212 555 0142").submit().await.expect(422);
    page.says("This number is in United States");
}

#[actix_web::test]
async fn a_country_that_was_removed_keeps_its_numbers_and_takes_no_new_ones() {
    let app = TestApp::with(&[(COUNTRIES, "US,GB")]).await;
    let home = logged_in(&app, "ada").await;
    let page = save(&home, "GB", "07400 123456").await.follow().await;
    let code = app.code_for("+447400123456").await;
    page.form("Save").fill("code", &code).submit().await.expect(303);

    let without = app.another_with(&[(COUNTRIES, "US")]).await;
    let home = home.at(&without.base);
    // Save alone changes nothing, and the codes still go there.
    let form = home.get("/profile/two-factor").await.form("Save");
    assert_eq!(form.value("country").as_deref(), Some("GB"));
    form.submit().await.follow().await.says("Nothing changed.");
    without.browser().log_in("ada").await.says("••• ••• 3456");
    assert_eq!(without.sent_to("+447400123456").await, 1);

    save(&home, "GB", "07400 123457").await.expect(422).says("This number is in United Kingdom");
    assert_eq!(without.sent_to("+447400123457").await, 0);
    save(&home, "US", "212 555 0142").await.follow().await.says("SMS to +1 212-555-0142");
    // And nobody else may choose it.
    let bob = logged_in(&without, "bob").await;
    let form = bob.get("/profile/two-factor").await.form("Save").select("method", "sms");
    form.forge("country", "GB").fill("phone", "07400 123458").submit().await.expect(400);
}

#[actix_web::test]
async fn without_a_provider_the_method_is_not_offered() {
    let app = TestApp::with(&[(PROVIDER, "none")]).await;
    let home = logged_in(&app, "ada").await;
    let page = home.get("/profile/two-factor").await;
    page.is_silent_about("SMS").is_silent_about("phone number");
    let methods: Vec<_> = page.form("Save").options("method").into_iter().map(|(value, _)| value).collect();
    assert_eq!(methods, ["disabled", "email"]);
    let form = page.form("Save").forge("method", "sms").forge("country", "US").forge("phone", "212 555 0142");
    form.submit().await.expect(400);
    home.turn_on_email(&app, "ada").await.says("Two Factor Authentication is on");
}

#[actix_web::test]
async fn when_the_provider_is_taken_away_whoever_has_the_method_keeps_it_or_leaves_it() {
    let app = TestApp::start().await;
    let home = app.guarded_by_sms("ada", "212 555 0142", PHONE).await;
    let without = app.another_with(&[(PROVIDER, "none")]).await;
    let home = home.at(&without.base);
    let page = home.get("/profile/two-factor").await.expect(200);
    page.says("Codes go by SMS to ••• ••• 0142");
    page.form("Save").submit().await.follow().await.says("Nothing changed.");
    page.form("Save").tick("every_login").submit().await.follow().await.says("every login asks for a code");
    // A new number could not be confirmed.
    let other = page.form("Save").fill("phone", "212 555 0143").submit().await.expect(422);
    other.says("Text messages are not offered here any more. Choose Email");
    let form = home.get("/profile/two-factor").await.form("Save").select("method", "email");
    let page = form.submit().await.follow().await;
    page.says("Email to ada@example.com");
    let code = without.code_for("ada@example.com").await;
    page.form("Save").fill("code", &code).submit().await.follow().await.says("a•••@e•••.com");
    home.get("/profile/two-factor").await.is_silent_about("SMS");
}

#[actix_web::test]
async fn from_texts_to_mail_and_back() {
    let app = TestApp::start().await;
    let home = app.guarded_by_sms("ada", "212 555 0142", PHONE).await;
    let form = home.get("/profile/two-factor").await.form("Save");
    // The address of record stands in the field of the other method.
    assert_eq!(form.value("email").as_deref(), Some("ada@example.com"));
    let page = form.select("method", "email").submit().await.follow().await;
    page.says("Until then codes still go by SMS to ••• ••• 0142");
    let code = app.code_for("ada@example.com").await;
    page.form("Save").fill("code", &code).submit().await.follow().await.says("a•••@e•••.com");
    let form = home.get("/profile/two-factor").await.form("Save");
    assert_eq!(form.value("phone").as_deref(), Some(""), "the number is not kept");
    assert_eq!(app.count("second_factors WHERE phone_sealed IS NOT NULL").await, 0);

    app.wait(TimeDelta::minutes(1));
    let page = save(&home, "US", "212 555 0142").await.follow().await;
    let code = app.code_for(PHONE).await;
    page.form("Save").fill("code", &code).submit().await.follow().await.says("••• ••• 0142");
    app.code_page("ada").await.says("••• ••• 0142");
}
