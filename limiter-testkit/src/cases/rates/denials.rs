//! What a denial does, and what it doesn't.

use limiter_core::{Charge, Key, Limit, RateLimiter};

use super::ask::AskRates;
use super::limits::{HALF, MINUTE, each, each_counting_denied, one_of_each, unlike};
use crate::broken::Kept;
use crate::trial::Trial;

/// A denied hit leaves its counter as it was: what still fits fits after it.
pub async fn a_denied_hit_charges_nothing(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a denied hit charges nothing"));
    for limit in one_of_each(2)? {
        let key = ask.used("user", &limit, 1).await?;
        ask.hit(&key, &limit, 2).await?.denied()?;
        ask.hit(&key, &limit, 1).await?.allowed()?;
    }
    Ok(())
}

/// A limit that counts denied hits counts what it denies: who keeps knocking stays out.
pub async fn a_limit_that_counts_denied_hits_charges_them(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a limit that counts denied hits charges them"));
    for limit in each_counting_denied(3)? {
        let key = ask.used("user", &limit, 1).await?;
        ask.hit(&key, &limit, 3).await?.denied()?;
        ask.hit(&key, &limit, 2).await?.denied()?;
    }
    Ok(())
}

/// Of a denied call only that limit counts the denial which denies itself.
pub async fn only_the_limit_that_denies_counts_the_denial(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("only the limit that denies counts the denial"));
    for fits in each_counting_denied(3)? {
        let denies = unlike(&fits, 2)?.counting_denied()?;
        let key = ask.used("user", &denies, 1).await?;
        let charges = [Charge::new(&key, &denies).with_cost(2), Charge::new(&key, &fits)];
        ask.hit_all(&charges).await?.denied()?;
        ask.hit(&key, &fits, 3).await?.allowed()?;
    }
    Ok(())
}

/// Several limits on one key: where one denies, none of the others is charged, wherever it stands in the call.
pub async fn a_denied_call_charges_none_of_its_limits(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a denied call charges none of its limits"));
    for fits in one_of_each(3)? {
        let denies = unlike(&fits, 2)?;
        for denier_first in [true, false] {
            let key = ask.used("user", &denies, 1).await?;
            let charges = [Charge::new(&key, &denies).with_cost(2), Charge::new(&key, &fits)];
            ask.hit_all(&ordered(charges, denier_first)).await?.denied()?;
            ask.hit(&key, &fits, 3).await?.allowed()?;
        }
    }
    Ok(())
}

/// Several keys: where one denies, none of the others is charged, wherever it stands in the call.
pub async fn a_denied_call_charges_none_of_its_keys(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("a denied call charges none of its keys"));
    for limit in one_of_each(3)? {
        for place in 0..3 {
            let (denied, other, third) =
                (ask.used("denied", &limit, 1).await?, ask.key("other")?, ask.key("third")?);
            let mut charges = vec![Charge::new(&other, &limit), Charge::new(&third, &limit)];
            charges.insert(place, Charge::new(&denied, &limit).with_cost(3));
            ask.hit_all(&charges).await?.denied()?;
            ask.hit(&other, &limit, 3).await?.allowed()?;
            ask.hit(&third, &limit, 3).await?.allowed()?;
        }
    }
    Ok(())
}

/// A call of as many limits on one key as a call may have charges each of them.
pub async fn an_allowed_call_charges_all_its_limits(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("an allowed call charges all its limits"));
    let (key, limits) = (ask.key("user")?, sixty_four()?);
    let charges: Vec<_> = limits.iter().map(|limit| Charge::new(&key, limit)).collect();
    ask.hit_all(&charges).await?.allowed()?;
    for limit in &limits {
        ask.hit(&key, limit, 2).await?.denied()?;
    }
    Ok(())
}

/// A call of as many keys as a call may have charges each of them.
pub async fn an_allowed_call_charges_all_its_keys(rates: &dyn RateLimiter, trial: &Trial) -> Kept {
    let ask = AskRates::new(rates, trial.promise("an allowed call charges all its keys"));
    let keys: Vec<Key> = (0..64).map(|_| ask.key("user")).collect::<Kept<_>>()?;
    let limits = one_of_each(2)?;
    let pairs = || keys.iter().zip(limits.iter().cycle());
    let charges: Vec<_> = pairs().map(|(key, limit)| Charge::new(key, limit)).collect();
    ask.hit_all(&charges).await?.allowed()?;
    for (key, limit) in pairs() {
        ask.hit(key, limit, 2).await?.denied()?;
    }
    Ok(())
}

fn ordered<T>([first, second]: [T; 2], as_they_are: bool) -> [T; 2] {
    if as_they_are { [first, second] } else { [second, first] }
}

/// Windows of every algorithm, each a minute longer than the one before.
fn sixty_four() -> Kept<Vec<Limit>> {
    let mut limits = Vec::new();
    for number in 0..16 {
        limits.extend(each(2, HALF + MINUTE * number)?);
    }
    Ok(limits)
}
